"""What the kernel has counted of a container: read on this host where its files are here, else asked inside."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ASK = """
cd /sys/fs/cgroup
say() { name=$1; shift; for file in "$@"; do [ -r "$file" ] && read -r value < "$file" && echo "$name $value"; done; }
say peak memory.peak memory/memory.max_usage_in_bytes
say limit memory.max memory/memory.limit_in_bytes
say pids pids.max pids/pids.max
for file in memory.events memory/memory.oom_control; do
  [ -r $file ] && while read -r line; do echo "$line"; done < $file
done
for file in pids.events pids/pids.events; do [ -r $file ] && read -r name value < $file && echo "refused $value"; done
"""
_ROOT = Path("/sys/fs/cgroup")
_GROUPS = (
    "docker/{id}",
    "system.slice/docker-{id}.scope",
    "machine.slice/libpod-{id}.scope",
    "machine.slice/libpod-{id}.scope/container",
)
_FILES = {"peak": ("memory.peak", "memory.max_usage_in_bytes"), "limit": ("memory.max", "memory.limit_in_bytes")}


@dataclass(frozen=True)
class Usage:
    """Peak memory in bytes (None: not known), whether the kernel killed a process for memory, whether it holds the
    container to the memory and process limits that were asked for, and how many processes it refused to start."""

    peak_memory_bytes: int | None
    oom_killed: bool
    limits_hold: bool
    processes_refused: int = 0

    def beside(self, other: "Usage") -> "Usage":
        """This usage, told of what else went wrong in another container of the same attempt."""
        return Usage(
            self.peak_memory_bytes,
            self.oom_killed or other.oom_killed,
            self.limits_hold and other.limits_hold,
            self.processes_refused + other.processes_refused,
        )


def summed(counts: Sequence[Mapping[str, str]], *, memory_bytes: int, pids: int) -> Usage:
    """What several counts of one container, one for each time it was started, come to.

    A group with another limit is not the container's own: where limits are dropped, it is that of its whole host.
    """
    known = [count for count in counts if "limit" in count]
    own = [count for count in known if count["limit"] == str(memory_bytes)]
    return Usage(
        peak_memory_bytes=max((int(count["peak"]) for count in own if "peak" in count), default=None),
        oom_killed=any(count.get("oom_kill", "0") != "0" for count in own),
        limits_hold=bool(own) and own == known and all(count.get("pids") == str(pids) for count in own),
        processes_refused=sum(int(count.get("refused", "0")) for count in own),
    )


def on_this_host(container_id: str) -> dict[str, str]:
    """The counts from this host's own files; empty when the container runs elsewhere."""
    groups = [group.format(id=container_id) for group in _GROUPS]
    for memory, pids in ((_ROOT / "memory", _ROOT / "pids"), (_ROOT, _ROOT)):
        for group in groups:
            if (memory / group).is_dir():
                return dict(_told(memory / group, pids / group))
    return {}


def _told(memory: Path, pids: Path) -> Iterator[tuple[str, str]]:
    for name, files in _FILES.items():
        yield from ((name, value) for value in _lines(memory / file for file in files))
    yield from (("pids", value) for value in _lines([pids / "pids.max"]))
    yield from (("refused", line.split()[1]) for line in _lines([pids / "pids.events"]) if line.startswith("max "))
    yield from pairs(_lines([memory / "memory.events", memory / "memory.oom_control"])).items()


def _lines(files: Iterable[Path]) -> Iterator[str]:
    for file in files:
        try:
            yield from file.read_text().split("\n")[:-1]
        except OSError:
            continue


def pairs(lines: Iterable[str]) -> dict[str, str]:
    """Lines of a word and a number; anything else is left out."""
    words = [line.split() for line in lines]
    return {pair[0]: pair[1] for pair in words if len(pair) == 2 and pair[1].isdigit()}
