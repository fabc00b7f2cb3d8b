"""The closed lists of words that the service stores, accepts and answers with."""

from enum import StrEnum


class Relevance(StrEnum):
    """How far money serves migration: for it, among other things, or not at all."""

    DIRECT = "direct"
    PARTIAL = "partial"
    NONE = "none"


class Granularity(StrEnum):
    """What a row of money stands for."""

    COMPONENT = "component"  # an activity that the source lists
    REMAINDER = "remainder"  # what the listed amounts leave of the project's total
    PROJECT = "project"  # the whole project, where no component has an amount


class Measure(StrEnum):
    """What an amount measures; measures are never added together."""

    COMMITMENT = "commitment"  # IBRD + IDA + grants
    COST = "cost"  # the whole project's cost with co-financing
    DISBURSEMENT = "disbursement"  # paid out


class Lender(StrEnum):
    """Out of which of the Bank's pockets a commitment comes."""

    IBRD = "ibrd"
    IDA = "ida"
    GRANT = "grant"
    OTHER = "other"
    NOT_STATED = "not_stated"  # no source splits the amount, or it is not a commitment


class Basis(StrEnum):
    """Whether an answer counts components or the whole projects that they belong to."""

    COMPONENT = "component"
    PROJECT = "project"


class YearBasis(StrEnum):
    """Calendar year of approval, or the World Bank's fiscal year (July to June, named by its end)."""

    CALENDAR = "calendar"
    FISCAL = "fiscal"


class Method(StrEnum):
    """Who or what gave a classification."""

    REVIEW = "review"  # a person's decision
    RULES = "rules"  # the versioned rules
    DERIVED = "derived"  # follows from the project's components


class Certainty(StrEnum):
    """What a reviewer says of a decision."""

    SURE = "sure"
    DOUBTFUL = "doubtful"


class Inclusion(StrEnum):
    """Whether the parent's stated amount holds the additional financing."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class PlaceKind(StrEnum):
    """A country, or a bucket for money that no source splits by country."""

    COUNTRY = "country"
    REGION = "region"
    GLOBAL = "global"


class Tag(StrEnum):
    """Labels that are set on projects by hand."""

    BRIEF_EXAMPLE = "brief_example"  # named as an example in the published brief


class RunStatus(StrEnum):
    """How an ingest run stands."""

    QUEUED = "queued"  # its body is kept, and the work on it has not begun
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"  # the file, the source or the disk did not do, or all was asked for and some is wrong
    INTERRUPTED = "interrupted"  # its process ended, or an error that nobody foresaw; nothing of it was kept


class Scope(StrEnum):
    """What a key opens."""

    INGEST = "ingest"  # send records; read runs and what they refused
    REVIEW = "review"  # decide on classifications


class OnError(StrEnum):
    """What becomes of the good records where some are bad."""

    ACCEPT_GOOD = "accept_good"
    REJECT_ALL = "reject_all"


REVIEW_CONFIDENCE = {Certainty.SURE: 0.9, Certainty.DOUBTFUL: 0.5}
"""A convention: what a reviewer's word counts as on the scale of 0 to 1."""

LOW_CONFIDENCE = 0.7
"""Money on classifications below this is told apart as `low_confidence`."""
