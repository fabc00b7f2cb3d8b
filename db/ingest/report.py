"""What an ingest run did, in numbers that add up."""

from dataclasses import dataclass, field

from db.ingest.records.validation import Rejection


@dataclass(slots=True)
class Report:
    """Counts of one run: read = added + changed + unchanged + rejected. `set_aside` counts values, and
    `passed_over` documents that gave no record; `withdrawn` counts stored components that a newer complete list no
    longer names."""

    run_id: int
    source: str
    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    rejected: int = 0
    set_aside: int = 0
    passed_over: int = 0
    withdrawn: int = 0
    release_id: int | None = None
    notes: list[str] = field(default_factory=list)

    def count_rejections(self, rejections: list[Rejection]) -> None:
        """Count a record once however many of its fields are wrong, and apart from it the values set aside."""
        self.rejected += any(rejection.whole for rejection in rejections)
        self.set_aside += sum(not rejection.whole for rejection in rejections)

    @property
    def altered(self) -> bool:
        """True where the run changed any data."""
        return self.added + self.changed + self.withdrawn > 0

    @property
    def confirms(self) -> bool:
        """True where the source said something that stands now: of nothing, or of what was refused alone, nothing does."""
        return self.altered or self.unchanged > 0
