"""The words by which page furniture gives itself away in plain text, in the languages that our sources write."""

import re

from digest.gather.text.dates import MONTHS

#: Open a short list of other pieces, within the text or behind it.
LINKS = (
    "read also", "also read", "read more", "read next", "see also", "related", "related articles",
    "related stories", "related posts", "related news", "related links", "related content", "related coverage",
    "further reading", "more on this", "more on this story", "more on this topic", "more about this",
    "you may also like", "you might also like", "you may also be interested in", "you might also enjoy",
    "keep reading", "lesen sie auch", "lesen sie mehr", "mehr zum thema", "auch interessant",
    "das könnte sie auch interessieren", "lire aussi", "à lire aussi", "à lire également", "voir aussi",
    "sur le même sujet", "lee también", "te puede interesar", "leggi anche", "lees ook", "meer lezen",
    "potrebbe interessarti", "articoli correlati", "lea también", "ver también", "también te puede interesar",
    "noticias relacionadas", "artículos relacionados", "leia também", "leia mais", "veja também",
    "você pode gostar", "você também pode gostar", "notícias relacionadas", "les også", "les mer", "læs også",
    "læs mere", "läs också", "läs även", "läs mer", "lue myös", "czytaj także", "czytaj też", "czytaj więcej",
    "zobacz także", "zobacz też", "przeczytaj także", "čtěte také", "přečtěte si také", "ilgili haberler",
    "читайте также", "читайте також", "関連記事", "あわせて読みたい", "관련기사", "相关新闻", "相關新聞",
    "ähnliche artikel", "weiterlesen",
    "verwandte artikel", "articles liés", "à voir aussi",
)  # fmt: skip
#: Open what readers wrote or what is said about the writer; goes on to the end of the page and names no piece.
COMMENTS = (
    "comments", "leave a reply", "leave a comment", "post a comment", "join the discussion", "join the conversation",
    "about the author", "kommentare", "commentaires", "comentarios", "commenti", "reacties", "comentários",
    "kommentarer", "komentarze", "komentáře", "yorumlar", "комментарии", "コメント", "schreibe einen kommentar",
    "kommentar schreiben", "laisser un commentaire", "deja un comentario", "deja una respuesta", "deixe um comentário",
    "deixe uma resposta", "lascia un commento", "geef een reactie", "dodaj komentarz",
)  # fmt: skip
#: Open teasers, which go on to the end of the page.
TEASERS = (
    "recent posts", "recent articles", "recent news", "recent stories", "latest posts", "latest news",
    "latest articles", "latest stories", "latest headlines", "other news", "other stories", "other articles",
    "more news", "more stories", "more articles", "more headlines", "top stories", "top news", "popular posts",
    "popular stories", "popular articles", "popular now", "featured posts", "featured stories", "most read",
    "most popular", "most viewed", "most commented", "most shared", "trending", "trending now", "trending stories",
    "editor's picks", "editors' picks", "editor's choice", "in other news", "recommended", "recommended for you",
    "recommended reading", "don't miss", "what to read next", "up next", "elsewhere on this site",
    "neueste beiträge", "neueste artikel", "aktuelle meldungen", "weitere meldungen", "meistgelesen",
    "articles récents", "les plus lus", "dernières actualités", "últimas noticias", "lo más leído",
    "ultime notizie", "i più letti", "meest gelezen", "mais lidas", "mais lidos", "últimas", "más leídas", "mest lest",
    "mest læst", "mest lästa", "najczęściej czytane", "nejčtenější", "en çok okunanlar", "самое читаемое", "人気記事",
    "アクセスランキング", "많이 본 뉴스",
)  # fmt: skip
TEASERS_FROM = re.compile(
    r"(?:more (?:stories |news |articles )?(?:from|in|on)|(?:most read|most popular|latest|trending)(?: stories| news)?"
    r" in) \S.{0,60}",
    re.IGNORECASE,
)
_BUTTONS = """
    share tweet pin it email e-mail mail print save like follow reply facebook twitter x linkedin whatsapp reddit
    telegram pinterest instagram youtube bluesky mastodon threads flipboard copy link teilen drucken partager
    imprimer compartir condividi delen menu home search skip to main content navigation log in login sign up
    register subscribe account contact about us faq help advertisement advertising advertise sponsored ad ads
    anzeige werbung publicité publicidad next previous prev published tags topics loading load show more less view
    see all close back top gallery on via or and this article story page post now newsletter newsletters privacy
    policy terms cookies cookie settings sitemap rss read
"""
#: A line of only these words is a menu or a row of buttons.
BUTTONS = frozenset(_BUTTONS.split())
NOTICE = re.compile(
    r"(?:©|\(c\)|copyright\b).*|.*\ball rights reserved\b.*|.*\b(?:privacy policy|terms of (?:use|service))\b.*"
    r"|(?:share|follow|like|find) (?:us|this)\b.*|(?:sign up|subscribe)\b.*\b(?:newsletter|inbox|e-?mail|updates)\b.*"
    r"|.*\buses? cookies\b.*|(?:photo|image|picture|foto|bild)(?: credits?| by)?\s*:.*|image source,.*"
    r"|.*(?:©|\bgetty images\b|/\s?(?:dpa|ap|afp|reuters|imago)\b).*|(?:photo|image|foto|picture) by .*"
    r"|\d+ min(?:ute)?s? read|reading time\b.*|.*\bfirst appeared on\b.*|your e?-?mail address will not be published.*"
    r"|(?:click|tap) here\b.*|follow .{1,60} on (?:facebook|twitter|x|instagram|google news|whatsapp)\W*"
    r"|click to (?:share|email|e-mail|print|copy)\b.*|.*\(opens in (?:a )?new window\)|file photo:.*"
    r"|.*[\w.]\s?credit:\s?.{1,60}"
    r"|.*\b(?:delivered|straight|right|direct(?:ly)?) (?:in)?to your (?:inbox|e-?mail|phone)\b.*"
    r"|.*\bright in your inbox\b.*"
    r"|.*\b(?:may|can) be (?:reached|contacted) (?:at|on|via) (?:\S+@\S|\+?\(?\d|twitter\b).*"
    r"|(?:reach|contact|e-?mail) the (?:reporter|author|writer)s?\b.*"
    r"|.*\bfollow (?:him|her|them|me|us|@\w+)\b.{0,40}\bon (?:facebook|twitter|x|instagram|bluesky|mastodon)\b.*",
    re.IGNORECASE,
)
CATEGORY = re.compile(
    r"(?:categor(?:y|ies)|section|filed under|posted in|topics?|rubrik|kategorien?|catégories?|rubrique|categorías?"
    r"|categori[ae]|rubriek)\s*[:|]\s*(?P<category>\S.{0,80})",
    re.IGNORECASE,
)
#: Names begin with capitals, but for "de", "van" and their like.
_CAPITAL = r"[^\W\d_a-zß-öø-ÿ][\w.'\u2019-]*"
NAME = rf"{_CAPITAL}(?:\s+(?:(?:de|da|di|del|van|von|der|den|la|le|bin|al)\s+)*{_CAPITAL}){{0,3}}"
AUTHOR = re.compile(
    rf"(?i:by|written by|posted by|published by|words by|text by|authors?:|von|autor(?:in)?:|par|por|door)\s*:?\s+"
    rf"(?P<authors>{NAME}(?:(?:\s*,\s*|\s+(?:and|und|et|y|en|&)\s+){NAME}){{0,4}})"
    r"(?:\s*(?:[|•·,/\u2013\u2014-]|\bon\b|\bam\b|\ble\b)\s*(?P<rest>.{0,80}))?",
)
AUTHOR_NEXT = re.compile(r"(?:published|written|posted|words|text) by\s*:?|authors?\s*:|by", re.IGNORECASE)
BETWEEN_NAMES = re.compile(r"\s*,\s*|\s+(?:and|und|et|y|en|&)\s+")
DATE_LABEL = re.compile(
    r"^(?:first |last )?(?:published|posted|updated|modified|date|veröffentlicht|stand|publié|publicado)"
    r"(?: (?:on|at|am|le|el))?\s*:?\s*",
    re.IGNORECASE,
)
_DATE_WORDS = """
    at on the of by am pm uhr um le el il à h utc gmt est edt pst pdt cet cest bst et monday tuesday wednesday thursday
    friday saturday sunday mon tue wed thu fri sat sun
"""
#: What may stand beside a date on its line, besides the month.
DATE_WORDS = frozenset((*_DATE_WORDS.split(), *MONTHS))
#: Dates and times in figures: no headline, but the line beside one.
STAMP = re.compile(r"\b\d{1,2}[./]\d{1,2}[./](?:\d{4}|\d{2})\b|\b\d{1,2}:\d{2}\b|\b\d{4}/\d{1,2}/\d{1,2}|\d年\d{1,2}月")
ITEM = re.compile(r"(?:[•·\u2023▪◦●*\u2013>→-]|\d{1,2}[.)])\s+(?P<item>\S.*)")


def _head(phrases: tuple[str, ...], rest: str, *, before: str = "") -> re.Pattern[str]:
    choice = "|".join(re.escape(phrase) for phrase in sorted(phrases, key=len, reverse=True))
    return re.compile(rf"\W*{before}(?:{choice})\s*{rest}", re.IGNORECASE)


#: "Read also :" alone, or "Read also: another piece" on one line.
LINKS_HEAD = _head(LINKS, r"(?:[:>→|\u2013-]+\s*(?P<item>.*)|\W*)")
TEASERS_HEAD = _head(TEASERS, r"\W*")
COMMENTS_HEAD = _head(COMMENTS, r"(?:\(\d+\))?\W*", before=r"(?:\d+\s+)?")
COMMENTS_FROM = re.compile(r"\d+ (?:responses?|replies|reply|thoughts?|comments?) (?:to|on)\b.*", re.IGNORECASE)
#: How comments open: "Marta says:". A text may have such a line too, so one alone says nothing.
COMMENT_BY = re.compile(r"\S+(?: \S+){0,3} (?:says|said|sagt|schreibt|schrieb|dit|dice|disse|diz|skriver)\s?:")
COMMENTS_OPEN = (COMMENTS_HEAD, COMMENTS_FROM, COMMENT_BY)
