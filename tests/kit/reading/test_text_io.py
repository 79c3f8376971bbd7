"""Encodings: the right text, or an error that asks. Sentences are natural: that is what detection relies on."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fmtools.core.errors import DataError
from fmtools.kit.reading import text_io
from fmtools.kit.reading.text_io import Decoded, decode, read_text

SENTENCES = {
    "zh": [
        "打开客厅的灯。", "今天天气很好,我们去公园走走吧。", "这家店的服务太差了,再也不来了。",
        "请把卧室的温度调到二十度。", "明天早上七点叫我起床。", "这本书很有意思,推荐大家看看。",
        "物流很快,包装也不错。", "电视的声音太大了。", "他什么时候回来?", "没有想到质量这么好。",
    ],
    "zh-TW": [
        "打開客廳的燈。", "今天天氣很好,我們去公園走走吧。", "這家店的服務太差了,再也不來了。",
        "請把臥室的溫度調到二十度。", "明天早上七點叫我起床。", "這本書很有意思,推薦大家看看。",
        "物流很快,包裝也不錯。", "電視的聲音太大了。", "他什麼時候回來?", "沒有想到品質這麼好。",
    ],
    "ja": [
        "リビングの電気をつけてください。", "今日はとても天気がいいですね。",
        "この店のサービスは良くなかった。", "明日の朝七時に起こしてください。", "とても面白い本でした。",
        "テレビの音が大きすぎます。", "彼はいつ帰ってきますか。", "品質が思ったより良かったです。",
    ],
    "ko": [
        "거실 불을 켜 주세요.", "오늘은 날씨가 정말 좋네요.", "이 가게의 서비스는 별로였어요.",
        "내일 아침 일곱 시에 깨워 주세요.", "아주 재미있는 책입니다.", "텔레비전 소리가 너무 커요.",
        "그는 언제 돌아옵니까?", "생각보다 품질이 좋았습니다.",
    ],
    "fr": [
        "Allume la lumière du salon.", "Le service était très décevant, je ne reviendrai plus.",
        "Réveille-moi à sept heures.", "C’est un livre passionnant.", "La télévision est trop forte.",
        "Où est passé le garçon ?", "Ça a coûté 20 €, c'est cher payé.", "La qualité m'a étonné.",
    ],
    "de": [
        "Schalte das Licht in der Küche ein.", "Der Service war leider sehr schlecht, nie wieder.",
        "Weck mich bitte um sieben Uhr früh.", "Ein schönes Buch, großartig erzählt.",
        "Der Fernseher ist zu laut.", "Für 20 € völlig überteuert.",
    ],
    "es": [
        "Enciende la luz del salón.", "El servicio fue pésimo, no volveré mañana.", "¿Cuándo vuelve el niño?",
        "La televisión está demasiado alta.", "Qué buena película.",
    ],
    "ru": [
        "Включи свет в гостиной.", "Сегодня очень хорошая погода.",
        "Обслуживание в этом магазине было плохим.", "Разбуди меня завтра в семь часов утра.",
        "Очень интересная книга, советую всем.", "Телевизор слишком громкий.", "Когда он вернётся?",
        "Качество лучше, чем я думал.",
    ],
}  # fmt: skip
#: Language, its legacy encodings.
LEGACY = [
    ("zh", "gb18030"), ("zh", "gbk"), ("zh-TW", "gb18030"), ("zh-TW", "big5"), ("ja", "shift_jis"), ("ja", "euc_jp"),
    ("ja", "iso2022_jp"), ("ko", "euc_kr"), ("fr", "cp1252"), ("de", "cp1252"), ("es", "latin-1"), ("ru", "cp1251"),
    ("ru", "koi8_r"), ("ru", "cp866"), ("ru", "iso8859_5"),
]  # fmt: skip
UNICODE = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


def outcome(data: bytes) -> Decoded | DataError:
    try:
        return decode(data, "x.csv")
    except DataError as error:
        return error


def file_text(sentences: list[str]) -> str:
    return "text,label\n" + "".join(f'"{sentence}",pos\n' for sentence in sentences)


@pytest.mark.parametrize(("language", "encoding"), LEGACY)
def test_legacy_is_read_right_and_said_aloud(language: str, encoding: str) -> None:
    text = file_text(SENTENCES[language]).encode(encoding, "ignore").decode(encoding)
    found = decode(text.encode(encoding), "file.csv")
    assert found.text == text
    assert found.notice is not None
    assert found.notice.startswith("file.csv was read as ")


@pytest.mark.parametrize("encoding", UNICODE)
@pytest.mark.parametrize("language", sorted(SENTENCES))
def test_unicode_is_read_right(language: str, encoding: str) -> None:
    text = file_text(SENTENCES[language])
    found = decode(text.encode(encoding), "file.csv")
    assert found.text == text
    assert (found.notice is None) == encoding.startswith("utf-8")


@pytest.mark.parametrize(("language", "encoding"), LEGACY)
def test_a_few_sentences_are_right_or_asked_about(language: str, encoding: str) -> None:
    draw = random.Random(0)
    right = 0
    for _ in range(50):
        data = file_text(draw.choices(SENTENCES[language], k=3)).encode(encoding, "ignore")
        found = outcome(data)
        assert isinstance(found, DataError) or found.text == data.decode(encoding)
        right += not isinstance(found, DataError)
    assert right >= 20


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("text,label\nZażółć gęślą jaźń, książka była świetna,pos\nźle,neg\n", "cp1250"),
        ("text,label\nPříliš žluťoučký kůň úpěl ďábelské ódy,pos\nšpatně,neg\n", "cp1250"),
        ("text,label\nÇok güzel bir kitap, ışığı aç,pos\nkötü şey,neg\n", "cp1254"),
        ("text,label\nΆναψε το φως στο σαλόνι,pos\nκακό,neg\n", "cp1253"),
        ("text,label\nהדלק את האור בסלון בבקשה,pos\nרע מאוד,neg\n", "cp1255"),
        ("text,label\nأشعل الضوء في غرفة المعيشة,pos\nسيئ,neg\n", "cp1256"),
        ("text,label\nLe café était très cher,pos\n", "mac_roman"),
    ],
)
def test_other_encodings_are_asked_about(text: str, encoding: str) -> None:
    with pytest.raises(DataError, match=r"(?s)other\.csv is not UTF-8.*iconv"):
        decode(text.encode(encoding), "other.csv")


def test_broken_bytes_name_their_line() -> None:
    good = "text,label\nwunderschöne Bücher über Vögel,pos\n".encode() + b"caf\xe9,neg\n"
    with pytest.raises(DataError, match=r"mixed\.csv:3: the file is UTF-8, but these bytes are not: e9"):
        decode(good, "mixed.csv")


def test_a_nul_names_its_line() -> None:
    with pytest.raises(DataError, match=r"nul\.csv:2: a NUL"):
        decode(b"text,label\na\0b,pos\nc,neg\n", "nul.csv")


def test_cut_utf16_is_refused() -> None:
    with pytest.raises(DataError, match="UTF-16"):
        decode("text,label\nhello,pos\n".encode("utf-16")[:-1], "cut.csv")


@pytest.mark.parametrize("data", [b"", b"\0\0\0", b"  \n\r\n\t"])
def test_empty_files_are_refused(tmp_path, data: bytes) -> None:
    path = tmp_path / "empty.csv"
    path.write_bytes(data)
    with pytest.raises(DataError, match=r"empty\.csv is empty"):
        read_text(path)


def test_a_huge_file_is_refused_unread(tmp_path, monkeypatch) -> None:
    path = tmp_path / "huge.csv"
    path.write_bytes(b"text,label\n" * 100)
    monkeypatch.setattr(text_io, "MAX_BYTES", 1000)
    with pytest.raises(DataError, match="Parquet"):
        read_text(path)


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\x1b\ufeff")))
def test_every_utf8_text_comes_back(text: str) -> None:
    assert decode(text.encode(), "x.csv").text == text


@given(st.binary(max_size=400))
def test_no_bytes_break_it(data: bytes) -> None:
    found = outcome(data)
    if isinstance(found, DataError):
        assert "x.csv" in found.cause
        assert found.cure
    else:
        assert data.decode(found.encoding) == found.text
        assert "\0" not in found.text


@pytest.mark.parametrize(
    ("language", "encoding"),
    [*LEGACY, *[("fr", name) for name in (*UNICODE, "utf-32-le", "utf-32-be", "latin-1", "cp850")]],
)
def test_an_encoding_that_is_asked_for_is_taken(language: str, encoding: str) -> None:
    text = file_text(SENTENCES[language]).encode(encoding, "ignore").decode(encoding)
    found = decode(text.encode(encoding), "x.csv", encoding)
    assert found.text == text.removeprefix("\ufeff")
    assert found.notice is None or "as asked" in found.notice
    assert found.notice is None or encoding in ("cp850",) or "looks like" not in found.notice


def test_a_narrower_name_reads_its_larger_encoding_aloud() -> None:
    found = decode("价格 € 100 㐀\n".encode("gb18030"), "x.csv", "gb2312")
    assert found.text == "价格 € 100 㐀\n"
    assert found.notice == "x.csv was read as gb18030: gb2312 has not all of its characters."


@pytest.mark.parametrize(
    ("data", "encoding", "doubt"),
    [
        ("这家店的服务太差了,差\n物流很快，推荐,好\n".encode(), "latin-1", "valid UTF-8"),
        ("这家店的服务太差了,差\n物流很快，推荐,好\n".encode("gbk"), "latin-1", "looks like GB18030"),
        ("C’est cher – très cher\n".encode("cp1252"), "latin-1", "may be cp1252"),
    ],
)
def test_what_looks_misread_is_said(data: bytes, encoding: str, doubt: str) -> None:
    assert doubt in (decode(data, "x.csv", encoding).notice or "")


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ("utf-8", r"x\.csv:2: these bytes are not utf-8: e9"),
        ("ascii", r"x\.csv:2: these bytes are not ascii"),
        ("gb18033", r"There is no encoding 'gb18033' to read x\.csv in\. Did you mean gb18030\?"),
        ("hex", "There is no encoding"),
        ("punycode", "There is no encoding"),
        ("\0", "There is no encoding"),
    ],
)
def test_an_encoding_that_does_not_fit(encoding: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        decode(b"text,label\ncaf\xe9,pos\n", "x.csv", encoding)
    assert re.search(message, str(caught.value))
    assert caught.value.cure


@pytest.mark.parametrize("encoding", ["utf-32-le", "utf-32-be"])
def test_utf32_without_its_mark_is_found(encoding: str) -> None:
    text = file_text(SENTENCES["zh"])
    assert decode(text.encode(encoding), "x.csv").text == text


@pytest.mark.parametrize("magic", list(text_io.MAGIC))
def test_files_that_are_no_text_are_called_what_they_are(magic: bytes) -> None:
    with pytest.raises(DataError, match="not text") as caught:
        decode(magic + b"rest", "x.csv")
    assert caught.value.cure
