"""`make bench`: speed and memory, each beside what it is to be compared with, as one table."""

from tests.bench import (
    append,
    commands,
    compaction,
    kafka_latency,
    kafka_speed,
    lake,
    lineage,
    long_life,
    rebuild,
    search,
    thousand,
)

SECTIONS = (
    append,
    long_life,
    thousand,
    commands,
    lineage,
    rebuild,
    compaction,
    search,
    lake,
    kafka_speed,
    kafka_latency,
)


def main() -> None:
    """Measure everything and print a Markdown table."""
    print("| what | figure | goal |\n|---|---|---|")
    for section in SECTIONS:
        for what, figure, goal in section.rows():
            print(f"| {what} | {figure} | {goal} |", flush=True)


if __name__ == "__main__":
    main()
