"""What servers say in words, where their numbers do not tell: a small table, read with caution first."""

import re
from enum import StrEnum


class Cause(StrEnum):
    """Why a mail was not taken, as the words say."""

    #: The mailbox, or its disk, has no room.
    FULL = "full"
    #: It may work later.
    LATER = "later"
    #: Our own address was found wanting.
    SENDER = "sender"
    #: We or our words are not wanted there, or the server relays for nobody.
    POLICY = "policy"
    #: The server or a program on it is at fault.
    TROUBLE = "trouble"
    #: The account exists and is closed.
    CLOSED = "closed"
    #: No such mailbox.
    USER = "user"
    #: The server's own directory lists no such name.
    LISTED = "listed"
    #: No such domain, or one that takes no mail.
    HOST = "host"
    #: The reader has gone elsewhere.
    MOVED = "moved"


#: In the order in which they are looked for: whatever could be a passing trouble comes before what ends a subscription.
_SAID: tuple[tuple[Cause, str], ...] = (
    (
        Cause.FULL,
        (
            r"(?:mail ?box|inbox|mail ?drop|maildir|account|folder|user|recipient)\S* (?:\S+ )?(?:is |are"
            r" )?(?:full\b|over ?(?:full|quota|flow))|\bquota\b|over ?quota"
            "|insufficient (?:system |disk )?(?:storage|space)|(?:disk|storage|space) (?:is )?(?:full|limit)"
            "|not enough (?:disk |storage )?space|too much mail"
            r"|exceed\w* (?:its |the |their )?(?:storage|mailbox|disk)|mailbox size limit"
        ),
    ),
    (
        Cause.SENDER,
        (
            r"(?:sender|mail from|from|return[- ]path|envelope)\S*(?: \S+)?(?: address)? (?:\S+ )?(?:rejected"
            "|refused|denied|invalid|not exist|verif)|(?:domain|part) of sender"
            "|sender (?:domain|address|verif|is )|bad sender|invalid sender|unknown sender"
            r"|bounce (?:address|message)s? (?:not|reject|refus)|MAIL_FROM\b"
        ),
    ),
    (
        Cause.POLICY,
        (
            r"\bspam|unsolicited|\bjunk\b|bulk mail|block(?:ed|ing|list)|black ?list|deny ?list|\b(?:dns)?rbl\b"
            r"|dnsbl|\bspf\b|\bdkim\b|\bdmarc\b|authenticat|authoriz|authoris|\bpolic(?:y|ies)\b|reputation"
            r"|\bptr\b|reverse dns|rdns|relay|access denied|\bdenied by|permission|prohibit"
            "|not (?:permitted|allowed)|virus|malware|infected|phish|content (?:reject|filter|block|restrict)"
            "|message (?:content )?(?:was |is |has been )?(?:rejected|refused)|too (?:large|big|long)"
            r"|exceed\w* (?:\S+ )*?(?:size|limit)|size limit|refused by|suspicious|banned|complaint|restrict"
            "|moderat|non-?members?|not accepting mail from|(?<!not )listed (?:in|at|on|by)|open (?:relay|proxy)"
            "|bad helo"
            r"|\behlo\b|generic hostname|dynamic ip|client host|your (?:ip|host|network|server)\b"
        ),
    ),
    (
        Cause.LATER,
        (
            r"try (?:again|later)|later\b|temporar|transient|time[d-]* ?out|grey-?list|gray-?list|deferred|throttl"
            "|too many|rate limit|too fast|(?:currently|presently) (?:un|not )"
            "|connection (?:refused|reset|lost|dropped|closed)|could ?n[o']t connect|unable to connect"
            "|not connect|unreachable|retry|busy|expired|undelivered for|delayed|warning only"
            "|lost (?:input )?connection|network error|resources? (?:restrict|unavail)"
        ),
    ),
    (
        Cause.TROUBLE,
        (
            r"system error|internal (?:\S+ )?error|cannot create|couldn'?t create|can'?t create|i/o error"
            "|write error|command (?:failed|died|time)|mail loop|looping|loop(?:s|ed)? back|too many hops"
            "|hop count|configuration error|ldap|service (?:currently )?unavailable|mailer error|media error"
        ),
    ),
    (
        Cause.CLOSED,
        (
            r"(?:account|mailbox|user|recipient|address)\S* (?:\S+ ){0,6}(?:disabled|suspended|locked|inactive"
            "|deactivated|discontinued|on hold|frozen|expired)|not accepting"
            "|disabled (?:account|user|mailbox|recipient)|inactive (?:account|user|mailbox|recipient|email)"
        ),
    ),
    (
        Cause.MOVED,
        (
            r"(?:user|recipient|account|address|mailbox)\S* (?:\S+ )?has (?:been )?(?:moved|changed|removed)"
            "|no longer (?:on|at|with|works?|exists?|valid|in use|available|an? )|not our customer"
            r"|user not local; please try|has left (?:the|our|us)\b|new address is"
        ),
    ),
    (
        Cause.LISTED,
        (
            r"not (?:listed|found) in (?:\S+ ){0,3}(?:directory|address book)|not listed in (?:\S+ ){0,3}name\b"
            r"|recipient name is not recogni[sz]ed"
        ),
    ),
    (
        Cause.HOST,
        (
            r"(?:host|domain)(?: or domain)?(?: name)?(?: \S+)? (?:is )?(?:not (?:be )?found|unknown|invalid"
            "|non-?existent|not exist|not reachable|unrout)"
            r"|(?:unknown|invalid|illegal|no such|unrout\w+|non-?existent|bad) (?:mail )?(?:host|domain)"
            "|illegal host/domain|nxdomain"
            r"|(?:domain|host)\S* (?:\S+ )?(?:does not|doesn'?t|couldn'?t be|could not be|can ?not be) (?:exist"
            "|found|resolve|accept)|(?:does not|doesn'?t) (?:accept|receive) (?:e-?)?mail|null ?mx"
            "|couldn'?t find (?:any|a) (?:host|mail exchanger)|no smtp service"
            r"|unrout\w+ (?:mail )?(?:address|domain)|no mail ?hosts?"
            "|all relevant mx records point to non-?existent|not a (?:known|valid) (?:host|domain)"
            "|name server error|no mx (?:or|and) "
        ),
    ),
    (
        Cause.USER,
        (
            "mailbox unavailable"
            "|(?:user|recipient|mail ?box|mail ?drop|addressee|account|alias|local part|e?-?mail address|address"
            r"|destination)\S*(?: \S+)? (?:is |was |are )?(?:an? )?(?:unknown\b|not (?:be )?found|non-?exist|not"
            r" (?:\w+ ){0,2}(?:exist|known|listed|valid)|invalid\b|unrout)"
            "|(?:unknown|no such|invalid|non-?existent|not? valid|bad|wrong|undeliverable|illegal|nonexistent)"
            r" (?:\w+ )?(?:(?:e-?)?mail ?)?(?:user|recipient|mail ?box|account|address|addressee|alias"
            r"|destination|person|local ?part|name|id)\b"
            r"|(?:user|recipient|mailbox|account|address|you tried to reach|addressee|alias|e-?mail)\S*(?:"
            r" \S+){0,3} (?:do(?:es)? not|do(?:es)?n'?t|didn'?t|did not) (?:\w+ )?(?:exist|have)"
            "|(?:have|has|got|is|find) no (?:mail ?box|account|such|user)"
            "|(?:^|[ .:(])no (?:mail ?box|account|user|recipient|such|valid recipient)s? (?:here|by|with|for"
            r"|called|\w+ found|under|named|user|person|address|mailbox)|no valid recipient|user not "
            "|not (?:a )?(?:known|local|valid) (?:user|mailbox|recipient|address)|recipientnotfound"
            r"|not listed in (?:\S+ )?(?:directory|name|address)"
            r"|could ?n[o']t (?:be )?(?:find|found|locate)\w* (?:\S+ ){0,3}(?:user|recipient|mailbox|address)"
            "|unknown (?:or illegal )?(?:local|alias|adress)"
            "|addresses? (?:was |were )?(?:not|n't) (?:be )?(?:found|recogni[sz]ed)"
            "|recipient (?:address )?rejected: (?:undeliverable|unknown|user)|unmatched (?:mailbox|recipient)"
            "|isn'?t a (?:valid )?(?:user|mailbox)"
        ),
    ),
)
_TABLE = tuple((cause, re.compile(pattern, re.IGNORECASE)) for cause, pattern in _SAID)
#: Longer answers hold explanations and advertisements.
LONGEST = 1500
_NOISE = re.compile(r"https?://\S+|<[^<>\s]*@[^<>\s]*>|[^\s<>(\"']+@[^\s<>)\"']+")
_GAP = re.compile(r"\s+|\b\d{3}-(?=[\d ]|[a-z])", re.IGNORECASE)


def causes(text: str) -> list[Cause]:
    """Return what the words of *text* give as causes, the most cautious first; addresses in it are not read."""
    plain = _GAP.sub(" ", _NOISE.sub("@", text[:LONGEST])).strip()
    return [cause for cause, pattern in _TABLE if pattern.search(plain)]
