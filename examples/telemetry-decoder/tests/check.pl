# Makes telemetry logs, decodes them with both builds of the program, compares with the format in the instruction.
use strict;
use warnings;

my $builds = shift;
my $failed = 0;

sub crc {
    my $crc = 0xFFFF;
    for my $byte (unpack 'C*', $_[0]) {
        $crc ^= $byte << 8;
        $crc = ($crc << 1 ^ ($crc & 0x8000 ? 0x1021 : 0)) & 0xFFFF for 1 .. 8;
    }
    return $crc;
}
die 'the check itself is wrong' unless crc('123456789') == 0x29B1;

sub record { my ($type, $payload) = @_; my $body = pack('C n', $type, length $payload) . $payload; return $body . pack 'n', crc($body) }
sub broken { my $record = record(@_); my $at = int rand length $record; $at = 0 if $at == 1 || $at == 2; substr($record, $at, 1) ^= chr(1 + int rand 255); return $record }
sub logfile { return join '', 'TLM1', pack('n', shift), @_ }

sub decimals {   # by moving characters, not by dividing
    my ($value, $places) = @_;
    my $digits = sprintf '%0*d', $places + 1, abs $value;
    substr($digits, -$places, 0) = '.';
    return ($value < 0 ? '-' : '') . $digits;
}

sub note {
    my ($text) = @_;
    $text =~ s/([\\"])|([^\x20-\x7E])/defined $1 ? "$1$1" : sprintf '\\x%02x', ord $2/gse;
    return $text;
}

# Samples: [bytes, line or undef, bad?, unknown?]
sub temperature { my ($time, $value) = @_; return [record(1, pack 'N s>', $time, $value), "T,$time," . decimals($value, 2)] }
sub text { my ($time, $text) = @_; return [record(2, pack('N', $time) . $text), "N,$time,\"" . note($text) . '"'] }
sub position { my ($time, @at) = @_; return [record(3, pack 'N l> l>', $time, @at), join ',', 'P', $time, map { decimals($_, 6) } @at] }
sub bad { return [$_[0], undef, 1, 0] }
sub unknown { return [record(@_), undef, 0, 1] }

sub whole {      # output and exit status for a log of complete samples
    my ($end, @samples) = @_;
    my ($bad, $unknown) = (0, 0);
    $bad += $_->[2] // 0, $unknown += $_->[3] // 0 for @samples;
    my $lines = join '', map { defined $_->[1] ? "$_->[1]\n" : '' } @samples;
    return ($lines . sprintf("# records=%d bad=%d unknown=%d\n", scalar @samples, $bad, $unknown), $end // ($bad ? 1 : 0));
}

sub run {
    my ($title, $want, $status, $build, @args) = @_;
    my $pid = open my $out, '-|';
    if (!$pid) {
        open STDIN, '<', '/dev/null';
        open STDERR, '>', '/dev/null';
        chdir '/';
        $ENV{LD_PRELOAD} = "$builds/guard.so" if $build eq 'guarded';
        exec qw(setpriv --reuid=65534 --regid=65534 --clear-groups timeout 10), "$builds/$build", @args;
        exit 127;
    }
    binmode $out;
    my $got = do { local $/; <$out> } // '';
    close $out;
    my $right = $got eq $want && $? == $status << 8;
    $failed++ unless $right;
    print $right ? 'ok' : 'NOT OK', " - $title ($build)\n";
    printf "status %d, expected %d\n--- got\n%s--- expected\n%s", $? / 256, $status, substr($got, 0, 600), substr($want, 0, 600) unless $right;
}

sub check {
    my ($title, $bytes, $want, $status) = @_;
    my $path = "$builds/log.tlm";
    open my $out, '>:raw', $path or die "$path: $!";
    print $out $bytes;
    close $out or die "$path: $!";
    run($title, $want, $status, $_, $path) for 'plain', 'guarded';
}

sub check_log { my ($title, @samples) = @_; check($title, logfile(scalar @samples, map { $_->[0] } @samples), whole(undef, @samples)) }

my $now = 1_741_590_000;
check_log('no records');
check_log('temperatures', map { temperature($now, $_) } 0, 1, -1, 5, -5, 99, -99, 100, -100, -101, 2150, -32768, 32767);
check_log('positions', position($now, 0, 0), position(0, -1, 1), position(4294967295, -2147483648, 2147483647), position(1, -33_868_800, 151_209_300), position(2, -500_000, -999_999), position(3, 1_000_000, -1_000_000));
check_log('notes', map { text($now, $_) } '', 'calm', 'say "hi"', 'back\\slash', "zero\0inside", "\x7F\x80\xFF\x1F\n\t", '%s%n%d', join('', map { chr } 0 .. 255));
check_log('long notes', map { text($now, 'x' x $_) } 12, 28, 60, 251, 252, 253, 255, 256, 1016, 1017, 1020, 4092, 32764, 65531);
check_log('300 records', map { temperature($now + $_, $_ - 150) } 1 .. 300);
check_log('70 unknown types', map { unknown($_, 'z' x ($_ % 9)) } 0, 4 .. 60, 128 .. 137, 255, 255);
check_log('a damaged record is skipped', temperature(1, 1), bad(broken(1, pack 'N n', 2, 2)), bad(broken(2, 'abcd' . 'e' x 3000)), temperature(3, -3));
check_log('a CRC of zero bytes', bad(do { my $r = record(1, 'abcdef'); substr($r, -2) = "\0\0"; $r }), temperature(3, -3));
check_log('wrong lengths', map({ bad(record(1, 'x' x $_)) } 0 .. 5, 7, 300), map({ bad(record(2, 'x' x $_)) } 0 .. 3), map({ bad(record(3, 'x' x $_)) } 0, 4, 8, 11, 13, 65535), text(4, 'ok'));

my @four = (temperature(1, -7), text(2, 'q' x 40), position(3, -4, 5), unknown(77, 'abc'));
my @bytes = map { $_->[0] } @four;
my $log = logfile(4, @bytes);
my $at = 6;
my @complete = map { $at += length } @bytes;
for my $cut (6 .. length($log) - 1) {
    next if $cut % 3 && !grep { abs($cut - $_) < 4 } 6, @complete;
    my @left = grep { $complete[$_] <= $cut } 0 .. 3;
    check("cut after $cut bytes", substr($log, 0, $cut), whole(2, @four[@left]));
}
check('trailing byte', "$log\0", whole(2, @four));
check('fewer announced than there are', logfile(2, @bytes), whole(2, @four[0, 1]));
check('more announced than there are', logfile(65535, @bytes), whole(2, @four));
check('a length far beyond the end', logfile(2, $bytes[0], "\x02\xFF\xFFshort"), whole(2, $four[0]));
check("a header of '$_'", $_, '', 2) for '', 'TLM1', "TLM1\0", "TLM2\0\0", "tlm1\0\0", "XXXXXXXX";
run('a missing file', '', 2, $_, "$builds/none.tlm") for 'plain', 'guarded';
run('no argument', '', 2, $_) for 'plain', 'guarded';
run('two arguments', '', 2, $_, ("$builds/log.tlm") x 2) for 'plain', 'guarded';

my $seed = srand;
print "seed $seed\n";
sub bytes { return join '', map { chr int rand 256 } 1 .. $_[0] }
sub sample {
    my $pick = int rand 7;
    my $time = int rand 2**32;
    return temperature($time, int(rand 65536) - 32768) if $pick == 0;
    return text($time, bytes(int rand(rand() < .1 ? 3000 : 90))) if $pick <= 2;
    return position($time, int(rand 2**32) - 2**31, int(rand 2**32) - 2**31) if $pick == 3;
    return unknown(4 + int rand 252, bytes(int rand 40)) if $pick == 4;
    return bad(broken(1 + int rand 3, bytes(int rand 60))) if $pick == 5;
    return bad(record(3, bytes(13 + int rand 40)));
}
for my $round (1 .. 12) {
    my @samples = map { sample() } 1 .. 1 + int rand 400;
    if ($round % 3) { check_log("random log $round", @samples) }
    else { check("random log $round with trailing bytes", logfile(scalar @samples, map { $_->[0] } @samples) . bytes(1 + int rand 9), whole(2, @samples)) }
}
exit($failed ? 1 : 0);
