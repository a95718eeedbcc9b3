# Makes log folders, runs /app/bursts.sh on each as an unprivileged user, compares with the rules in the instruction.
use strict;
use warnings;

my @MONTHS = qw(Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec);
my $work   = "/tmp/check-$$ with blanks";
my $failed = 0;

# Calendar by counting days, so that it shares nothing with a clever formula.
sub month_days { my ($y, $m) = @_; return $m == 2 ? 28 + (($y % 4 == 0 && $y % 100) || $y % 400 == 0 ? 1 : 0) : (31, 0, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)[$m - 1] }

sub civil {    # seconds since 2000-01-01 -> year, month, day, hour, minute, second
    my ($t) = @_;
    my ($days, $rest) = (int($t / 86400), $t % 86400);
    my ($y, $m) = (2000, 1);
    while ($days >= month_days($y, $m)) { $days -= month_days($y, $m); $m++; if ($m > 12) { $m = 1; $y++ } }
    return ($y, $m, $days + 1, int($rest / 3600), int($rest / 60) % 60, $rest % 60);
}

sub utc { return sprintf '%04d-%02d-%02dT%02d:%02d:%02dZ', civil($_[0]) }

sub line {     # a log line for a moment, as a server with that offset (in minutes) writes it
    my ($ip, $user, $time, $offset, $request, $status, $rest) = @_;
    my ($y, $m, $d, $H, $M, $S) = civil($time + 60 * $offset);
    my $zone = sprintf '%s%02d%02d', $offset < 0 ? '-' : '+', int(abs($offset) / 60), abs($offset) % 60;
    return sprintf "%s - %s [%02d/%s/%04d:%02d:%02d:%02d %s] \"%s\" %d %s\n", $ip, $user, $d, $MONTHS[$m - 1], $y, $H, $M, $S, $zone, $request, $status, $rest // '17 "-" "-"';
}

sub expected { # attempts are [ip, user, time, failed?]
    my %of;
    push @{ $of{ $_->[0] } }, $_ for @_;
    my @rows;
    for my $ip (keys %of) {
        my @failures = sort { $a <=> $b } map { $_->[2] } grep { $_->[3] } @{ $of{$ip} };
        my ($alarm, $peak) = (undef, 0);
        for my $end (@failures) {
            my $inside = grep { $_ >= $end - 60 && $_ <= $end } @failures;
            $alarm = $end if $inside >= 5 && !defined $alarm;
            $peak = $inside if $inside > $peak;
        }
        next unless defined $alarm;
        my %in = map { $_->[1] => 1 } grep { !$_->[3] && $_->[2] >= $alarm && $_->[1] ne '-' } @{ $of{$ip} };
        push @rows, [$ip, utc($alarm), scalar @failures, $peak, join(',', sort keys %in) || '-'];
    }
    return join '', map { join("\t", @$_) . "\n" } sort { $a->[1] cmp $b->[1] || $a->[0] cmp $b->[0] } @rows;
}

sub save {
    my ($name, @lines) = @_;
    my ($plain) = $name =~ /(.*?)(?:\.gz)?$/s;
    my ($mode, $target) = $plain eq $name ? ('>', "$work/$name") : ('|-', qq(gzip -c > "$work/$name"));
    open my $out, $mode, $target or die "$name: $!";
    print $out @lines;
    close $out or die "$name: $!";
}

sub folder {   # an empty one
    system('rm', '-rf', $work);
    mkdir $work, 0755 or die "$work: $!";
}

sub check {
    my ($title, $want) = @_;
    my $pid = open my $out, '-|';
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        chdir '/';
        exec qw(timeout -k 1 20 setpriv --reuid=65534 --regid=65534 --clear-groups /app/bursts.sh), $work;
        exit 127;
    }
    my $got = do { local $/; <$out> } // '';
    close $out;
    my $status = $? >> 8;
    my $right = $got eq $want && $? == 0;
    $failed++ unless $right;
    print $right ? 'ok' : 'NOT OK', " - $title\n";
    print "exit status $status\n--- got\n", substr($got, 0, 1500), "--- expected\n", substr($want, 0, 1500) unless $right;
}

my $base = 25 * 366 * 86400;
my $post = 'POST /login HTTP/1.1';
sub failures { my ($ip, $user, @times) = @_; return map { line($ip, $user, $base + $_, 0, $post, 401) } @times }

folder();
check('a folder without logs', '');

save('access.log', failures('192.0.2.1', 'a', 0, 20, 40, 59), line('192.0.2.1', 'a', $base + 60, 0, $post, 302));
check('four failures are no burst', '');

folder();
save('access.log', failures('192.0.2.1', 'a', 0, 15, 30, 45, 60), failures('192.0.2.2', 'a', 0, 15, 30, 45, 61));
check('sixty seconds are inside, sixty-one are not', "192.0.2.1\t" . utc($base + 60) . "\t5\t5\t-\n");

folder();
save('access.log', failures('2001:db8::1', 'a', (100) x 5), failures('2001:db8::1', 'b', 5000, 5001, 5001, 5002, 5003, 5003, 9000),
    map({ line('2001:db8::1', $$_[0], $base + $$_[1], 0, $post, 302) } ['early', 99], ['zoe', 100], ['Bob', 7000], ['zoe', 7001], ['-', 7002]));
check('peak, failures and compromised accounts', "2001:db8::1\t" . utc($base + 100) . "\t12\t6\tBob,zoe\n");

folder();
save('access.log.10.gz', failures('192.0.2.1', 'a', 4, 0));
save('access.log.2',     failures('192.0.2.1', 'a', 3));
save('access.log.2.gz',  failures('192.0.2.1', 'a', 3));
save('access.log',       failures('192.0.2.1', 'a', 9, 2));
save($_, failures('198.51.100.1', 'a', 1 .. 9)) for 'error.log', 'access.log.bak', 'access.log.bak.gz', 'access.log.1.old', 'access.log.1a', 'access.log.', 'access.log.gz', 'old-access.log', 'access.logs';
mkdir "$work/access.log.7";
check('which files count', "192.0.2.1\t" . utc($base + 9) . "\t5\t5\t-\n");

folder();
save('access.log', map { line('192.0.2.1', 'a', $base + $$_[0], $$_[1], $post, 401) } [0, -210], [10, 345], [20, 0], [30, 840], [40, -720]);
check('offsets from UTC, across midnight and New Year', "192.0.2.1\t" . utc($base + 40) . "\t5\t5\t-\n");

folder();
save('access.log', failures('192.0.2.1', 'a', 0, 1, 2, 3),
    map({ line('192.0.2.1', 'a', $base + 4, 0, $_, 401) } 'GET /login HTTP/1.1', 'POST /login/ HTTP/1.1', 'POST /login-help HTTP/1.1', 'POST /LOGIN HTTP/1.1', 'POST /x?/login HTTP/1.1', 'POST /api/login HTTP/1.1', 'post /login HTTP/1.1'),
    map({ line('192.0.2.1', 'a', $base + 4, 0, $post, $_) } 200, 400, 403, 429, 500),
    line('192.0.2.1', 'a', $base + 4, 0, 'GET / HTTP/1.1', 200, '4 "-" "\"POST /login HTTP/1.1\" 401 5"'),
    '192.0.2.1 - a [' . "\n", '192.0.2.1 - a [01/Foo/2025:00:00:04 +0000] "POST /login HTTP/1.1" 401 1 "-" "-"' . "\n", "\n", '192.0.2.1 - - [01/Jan/2025:00:00:00 +0000] "\x16\x03\x01" 400 1 "-" "-"' . "\n",
    failures('198.51.100.9', 'a', 0, 1, 2, 3), line('198.51.100.9', 'a', $base + 5, 0, 'POST /login?next=/a?b=%20 HTTP/2.0', 401));
check('what is a login attempt', "198.51.100.9\t" . utc($base + 5) . "\t5\t5\t-\n");

folder();
save('access.log', map { failures($_, 'a', 1 .. 5) } '192.0.2.9', '192.0.2.10', '2001:db8::a', '2001:DB8::a');
check('equal alarms in order of the address', join '', map { "$_\t" . utc($base + 5) . "\t5\t5\t-\n" } sort '192.0.2.9', '192.0.2.10', '2001:db8::a', '2001:DB8::a');

my $seed = srand;
print "seed $seed\n";
for my $round (1 .. 4) {
    my $start = int(rand 35 * 365) * 86400 + 86390;
    my (@attempts, %lines);
    for my $n (1 .. 60) {
        my $ip = rand() < .7 ? '203.0.113.' . int rand 256 : sprintf '2001:db8::%x', rand 65536;
        my ($spread, $at) = (60 + int rand 240, $start + int rand 9000);
        for (1 .. 1 + int rand 25) {
            push @attempts, [$ip, (rand() < .1 ? '-' : 'user' . int rand 12), $at + int rand $spread, rand() < .85];
            my @zones = (0, 0, 60, -210, 330, -480);
            my $text = line(@{ $attempts[-1] }[0 .. 2], $zones[rand @zones], rand() < .5 ? $post : 'POST /login?next=%2Fcart HTTP/1.1', $attempts[-1][3] ? 401 : 302);
            push @{ $lines{ int rand 4 } }, $text;
        }
    }
    for (1 .. 4000) {
        push @{ $lines{ int rand 4 } }, line('192.0.2.' . int rand 256, '-', $start + int rand 9000, 0, 'GET /products/' . int(rand 999) . ' HTTP/1.1', 200);
    }
    folder();
    my @names = ('access.log', 'access.log.1', 'access.log.2.gz', 'access.log.13.gz');
    for my $i (0 .. 3) {
        my @shuffled = map { $_->[1] } sort { $a->[0] <=> $b->[0] } map { [rand, $_] } @{ $lines{$i} // [] };
        save($names[$i], @shuffled);
    }
    check("random folder $round", expected(@attempts));
}
system('rm', '-rf', $work);
exit($failed ? 1 : 0);
