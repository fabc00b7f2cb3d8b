"""Headings between which components stand, and after which none do."""

import re

from models.extraction.cleaning import spaced

_COMPONENTS = rf"{spaced('component')} ?s"

STATUS_HEADING = re.compile(
    rf"(?:\b2 ?\. ?)?\b{_COMPONENTS}(?: ?\(s\))?(?: ?{spaced('table')})?(?: (?:{spaced('component')} )?{spaced('name')} ?:?)?"
    rf"(?: (?:component )?cost\b(?: \((?:us\$|usd)[^()]{{0,20}}\))?)?"
    rf"|\b(?:composantes|componentes)(?: (?:nom|nombre|nome)\b ?:?)?"
    rf"|\bcomponent\(s\)(?: component name)?(?: component cost)?"
)
END_HEADING = re.compile(
    rf"(?:\b\d{{1,2}} ?\. ?)?(?:\b{spaced('overall')} ?{spaced('ratings')}\b|\boverall ratings?\b|\boverall progress\b"
    r"|\bimplementation status (?:and|&) key decisions\b|\bkey issues (?:&|and) status\b|\bproject financing data\b"
    r"|\bfinancing data\b|\bsystematic operations risk|\borganizations\b ?(?=borrower)|\bborrower ?\(s\)"
    r"|\bresults framework\b"
    r"|\bresults indicators?\b|\bproject development objective indicators\b|\bresults ?-? ?project development"
    r"|\brisks? name\b"
    r"|\bdata on financial performance\b|\bkey disbursement|\bcumulative disbursement|\bdisbursements? \("
    r"|\bdisbursement summary\b"
    r"|\bsafeguard(?:s)? (?:policies|deferral)|\benvironmental (?:assessment category|and social risk|& social)"
    r"|\benvironmental and social standards\b|\bevaluation du risque\b|\bnotations? globales?\b"
    r"|\bcalificaciones? generales?\b"
    r"|\bpractice area\b|\bphrpdodel\b|\binstitutional data\b|\bcomments? on (?:project )?cost"
    r"|\bexpected disbursements\b"
    r"|(?<![(\[])(?<!of )(?<!of the )\btotal project costs?\b"
    r"|\btotal project financing\b|\btotal financing\b|\bproject cost,? financing\b)"
)
SECTION_START = re.compile(
    r"(?:\b[a-f] ?[.)] ?|\b\d(?:\.\d{1,2}){0,2}\.? |\b)(?:original |main |key |project |program )?components? ?"
    r"(?:\([^()]{0,60}\) ?)?:"
    r"|\bcomponents (?:are|were|include|comprise)\b[^.:;()$]{0,40}:"
    r"|\b(?:composantes|componentes) ?(?:\([^()]{0,60}\) ?)?:"
    r"|\b[a-f] ?\. (?:original |main |key |project )?components\b"
    r"|\b\d(?:\.\d{1,2}){1,2}\.? (?:original |main |key |project |program )?components\b"
    r"|\b(?:project|original|main|program) components\b(?: and costs?)?"
    r"|\b(?:one|two|three|four|five|six|seven|eight|nine|\d)(?: [a-z-]+){0,2} components\b[^.:;()$]{0,90}[:.]"
    r"|\b(?:following|these) (?:[a-z]+ )?(?:components|parts)\b[^.:;()$]{0,60}[:.]"
    r"|\b(?:deux|trois|quatre|cinq|six|sept|\d)(?: [a-z-]+){0,2} composantes?\b[^.:;()$]{0,90}[:.]"
    r"|\bcomposantes? (?:suivantes?|du projet)\b ?[:.]?"
    r"|\b(?:dos|dois|duas|tres|quatro|cuatro|cinco|seis|\d)(?: [a-z-]+){0,2} componentes?\b[^.:;()$]{0,90}[:.]"
    r"|\bcomponentes del proyecto\b ?[:.]?"
)
SECTION_END = re.compile(
    r"\bcomments? on (?:the )?project costs?|\bproject cost,? financing|\brevised components?\b"
    r"|\brelevance of (?:objectives?|the )"
    r"|\b3 ?\. relevance\b|\bassessment of outcomes?\b|\bsignificant changes\b|\bquality at entry\b"
    r"|\bachievement of objectives\b"
    r"|\bmonitoring and evaluation design\b|\bborrower contribution\b|\bfinancing ?:|\bother project data\b"
    r"|\bresults framework\b"
    r"|\bproject financing data\b|\boverall ratings\b|\blessons? (?:learned|and )|\bproject beneficiaries\b"
    r"|\bkey dates\b"
)
