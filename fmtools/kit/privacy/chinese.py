"""Chinese personal names: jieba's segmentation and part-of-speech tags, surnames, what given names are made of, and the words
around a name. The statistics come from jieba's own dictionary, in which 60,000 names are tagged as such.
"""

from __future__ import annotations

import logging
import math
import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any

from .spans import Span

#: The surnames of nearly everybody; two-character surnames apart.
SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹"
    "熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐沿"
    "梅莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边净阴闫肖代"
    "付连池艾蓝窦应宗骆佟占褚娄巫麻商仇鞠喻荆练佘楚鄢储宫尚权沙古蒲冷党米花储晏刁闻匡胥敖郜苟郁瞿丘满符卞谌农仲岑冀丰戚邬蒙封滕邝桑刑车班闾奚"
)
COMPOUND = frozenset(
    "欧阳 上官 司马 诸葛 东方 皇甫 尉迟 公孙 令狐 慕容 司徒 夏侯 端木 独孤 南宫 长孙 宇文 轩辕 百里 呼延 申屠 钟离 闻人 澹台 赫连 西门 太史 公羊 濮阳 淳于 单于".split()
)
_HAN = re.compile(r"[\u4e00-\u9fff]")
_FOREIGN = re.compile(r"[\u4e00-\u9fff]{1,6}(?:[·•・][\u4e00-\u9fff]{1,8}){1,3}")
#: What stands right before a name and announces one: strongly, weakly.
_BEFORE = re.compile(
    r"(?:(?P<strong>姓名(?:是|为)?|名字(?:是|叫)?|我叫|我是|本人|名叫|叫做|叫|联系人(?:是|为)?|收件人(?:是|为)?|收货人(?:是|为)?|寄件人(?:是|为)?|签收人(?:是|为)?|持卡人|户主|户名|开户人|"
    r"经办人|负责人|申请人|投诉人|患者|病人|客户|顾客|买家|业主|会员|旅客|乘客|住户|租客|家长|学生|学员|员工|职工|同事|同学|朋友|室友|邻居|老板|司机|店长|店员|客服|导购|快递员|骑手|护士|医生|大夫|教授|老师|律师|"
    r"经理|主任|主管|总监|秘书|会计|记者|作者|讲师|教练|师傅|先生|女士|小姐|老公|老婆|丈夫|妻子|儿子|女儿|爸爸|妈妈|父亲|母亲|哥哥|姐姐|弟弟|妹妹|爷爷|奶奶|此致|代理人|委托人|被保险人|投保人|受益人|嫌疑人|当事人|原告|被告)"
    r"|(?P<weak>由|给|找|和|与|跟|向|对|让|请|被|把|及|、|是|为|问|替|约|姓|见|谢谢|感谢|你好|您好|，|。|！|；|\n|“|\"|：|:|（|\(|@|^))[ :：,，「“\"是为]{0,2}$"
)
_AFTER = re.compile(
    r"^(?:(?P<strong>先生|女士|小姐|同志|老师|医生|大夫|经理|主任|教授|律师|师傅|阿姨|叔叔|同学|总监|主管|护士|教练|院长|局长|部长|书记|主席|总理|校长|队长|博士|老板|"
    r"的(?:手机|电话|邮箱|身份证|地址|住址|账号|银行卡|卡号|快递|订单|包裹|号码|信息|护照|联系|家|爸|妈|孩子|儿子|女儿|退款|申请|投诉|订单|病历|档案|工资|账户|朋友|妻子|丈夫)|"
    r"说|表示|告诉|认为|指出|强调|反映|来电|投诉|购买|签收|住在|住|您好|你好|本人|给我|打来|联系|申请|办理|提交|反馈|于\d|在\d|今年|出生|毕业|，?(?:男|女)[，,。岁]|（[男女])"
    r"|(?P<weak>，|。|、|！|？|；|：|:|,|\n|在|和|与|把|是|的|于|已|也|将|去|来|到|向|对|为|曾|等|有|就|要|又|从|给|让|被|同|及|（|\(|”|\"|$| ))"
)
#: What follows a surname instead of a given name.
TITLES = tuple(
    "先生 女士 小姐 太太 老师 医生 大夫 经理 主任 教授 律师 师傅 阿姨 叔叔 同学 总监 主管 护士 教练 院长 局长 部长 书记 主席 总理 校长 队长 博士 老板 工程 处长 科长 会计 家 某 宝宝 哥 姐".split()
)
#: The dictionary calls words such as 文明 and 温馨 names, too; those that are so frequent are words.
ORDINARY = 30
#: Surnames that mostly are something else in a sentence.
EVERYDAY = frozenset("向于连左付查祝米应任常时成曾解从单边满宫车包房计花游路温冷蓝古谢幸经全有自要")
#: Surnames that count things, and what stands before them then: `这张卡`, `三包烟`.
MEASURES, COUNTING = (
    frozenset("张周包封段元米车项单房管席班章时方边位卷钱连季路古强柏石"),
    frozenset("这那每几两一二三四五六七八九十半首末本上下整某第多"),
)
#: Characters that rather go on with the sentence than end a name.
FOLLOWING = frozenset(
    "和与跟同及是在的了也都就说来去到对向把被让给将曾已有于为等先女您你我他她很不没要会请找叫打用从又还"
)
#: A candidate needs so much evidence (log odds and context together).
THRESHOLD = 3.2


@cache
def _statistics() -> tuple[dict[str, float], dict[str, float], dict[str, int]]:
    """Return log odds of characters as surname and in given names against ordinary text, and word frequencies."""
    surnames: Counter[str] = Counter()
    given: Counter[str] = Counter()
    ordinary: Counter[str] = Counter()
    words: dict[str, int] = {}
    for word, count, tag in _dictionary():
        if _named(tag):
            known = len(word) == 3 and word[0] in SURNAMES
            surnames.update(word[0] if known else "")
            given.update(word[1:] if known else "")
        if not _named(tag) or (len(word) == 2 and count >= ORDINARY):
            words[word] = count
            for character in word:
                ordinary[character] += count
    return _odds(surnames, ordinary, SURNAMES), _odds(given, ordinary, set(given) | set(ordinary)), words


def _dictionary() -> Iterator[tuple[str, int, str]]:
    import jieba

    with jieba.get_module_res("dict.txt") as file:
        for line in file:
            word, count, tag = line.decode("utf-8").split()
            yield word, int(count), tag


def _odds(names: Counter[str], ordinary: Counter[str], characters: Any) -> dict[str, float]:
    inside, outside = sum(names.values()), sum(ordinary.values())
    return {c: math.log((names[c] + 0.3) / inside / ((ordinary[c] + 200) / outside)) for c in characters}


@cache
def _tagger() -> Any:
    """Return jieba's tagger with a dictionary of its own; it keeps its model in memory, not in a shared cache file."""
    import jieba
    import jieba.posseg

    jieba.setLogLevel(logging.WARNING)
    own = jieba.Tokenizer()
    own.FREQ, own.total = own.gen_pfdict(own.get_dict_file())
    own.initialized = True
    return jieba.posseg.POSTokenizer(own)


def names(text: str) -> Iterator[Span]:
    """Yield Chinese personal names, and foreign ones written with a middle dot. Text without Han characters costs nothing."""
    if not _HAN.search(text):
        return
    for found in _FOREIGN.finditer(text):
        start = found.start() + _lead(re.split("[·•・]", found.group())[0])
        yield Span(start, found.end() - _tail(re.split("[·•・]", found.group())[-1]), "name", "middle dot", 0.95)
    tokens = _tokens(text)
    scored = sorted((c for i in range(len(text)) for c in _candidates(text, i, tokens)), reverse=True)
    taken: set[int] = set()
    for score, start, end in scored:
        if score < THRESHOLD:
            break
        if not taken.intersection(range(start, end)):
            end += end - start == 2 and _goes_on(text, end, tokens)
            taken.update(range(start, end))
            yield Span(start, end, "name", "names", min(0.9, 0.5 + score / 30))


def _goes_on(text: str, end: int, tokens: _Tokens) -> bool:
    """Say whether the character after a two-character name is its third: loose, usual in names, and then the sentence goes on."""
    if end >= len(tokens.at) or not _HAN.match(text[end]) or text[end] in FOLLOWING or _AFTER.match(text[end:]):
        return False
    loose = len(tokens.words[tokens.at[end]][0]) == 1 or tokens.at[end] == tokens.at[end - 1]
    odds = _statistics()[1].get(text[end], 0.0)
    return loose and (odds > 0.3 or (odds > -0.6 and bool(_AFTER.match(text[end + 1 :]))))


def _lead(first: str) -> int:
    """Return how many characters before a middle dot belong to the sentence: `客户约翰` begins with 客户."""
    best = 0
    for found in re.finditer(r"叫|是|客户|由|给|和|与|联系人|先生|女士|作者|收件人|姓名|请|找|：|为|在|顾客", first):
        best = found.end() if found.end() < len(first) else best
    return best


def _tail(last: str) -> int:
    """Return how many characters after a middle dot belong to the sentence: `史密斯来电` ends with 来电."""
    cut = next(
        (i for i in range(1, len(last)) if (m := _AFTER.match(last[i:])) and (m["strong"] or len(last) > 4)), len(last)
    )
    return len(last) - cut


class _Tokens:
    """jieba's words of a text: `at[i]` is the index of the word that holds character i."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.words = pairs
        self.starts: list[int] = []
        self.at: list[int] = []
        for index, (word, _) in enumerate(pairs):
            self.starts.append(len(self.at))
            self.at.extend([index] * len(word))


def _tokens(text: str) -> _Tokens:
    return _Tokens([(pair.word, pair.flag) for pair in _tagger().cut(text)])


def _candidates(text: str, i: int, tokens: _Tokens) -> Iterator[tuple[float, int, int]]:
    """Yield (score, start, end) of the names that may begin at character i."""
    if text[i : i + 2] in COMPOUND:
        for end in (i + 3, i + 4):
            yield from _scored(text, i, i + 2, end, 6.0 - 0.6 * _common(text[i : i + 2]), tokens)
    if text[i] in SURNAMES:
        surname = max(-1.0, min(3.0, _statistics()[0].get(text[i], 0.0)))
        for end in (i + 2, i + 3):
            yield from _scored(text, i, i + 1, end, surname, tokens)


def _scored(
    text: str, i: int, given: int, end: int, surname: float, tokens: _Tokens
) -> Iterator[tuple[float, int, int]]:
    said = text[given:end]
    if (
        end > len(text)
        or end > len(tokens.at)
        or not all(map(_HAN.match, said))
        or text.startswith(TITLES, given)
        or text.startswith(TITLES, end - 1)
    ):
        return
    odds = _statistics()[1]
    inside = sum(max(-4.0, min(3.0, odds.get(c, -0.5))) for c in said)
    score = surname + inside + _words(text, i, end, tokens) + _context(text, i, end) - _doubt(text, i, end)
    score += 0.3 if end - given == 2 else 0.0
    yield score - (3.0 if end - given == 2 and said[-1] in FOLLOWING else 0.0), i, end


def _doubt(text: str, i: int, end: int) -> float:
    """Return the price of a surname that is an everyday word (`向`, `于`), and of an ordinary word where the name begins."""
    price = 1.5 if text[i] in EVERYDAY else 0.0
    counted = i > 0 and text[i] in MEASURES and (text[i - 1] in COUNTING or text[i - 1].isdigit())
    price += 6.0 if counted else 0.0
    word = text[i : i + 2]
    return price + (0.45 * _common(word) if end - i > 2 and word not in COMPOUND else 0.0)


def _context(text: str, i: int, end: int) -> float:
    """Return what the words before and after say."""
    before, after = _BEFORE.search(text[max(0, i - 8) : i]), _AFTER.match(text[end : end + 6])
    total = 0.0
    if before:
        total += 3.0 if before["strong"] else 0.8
    if after:
        total += 3.0 if after["strong"] else 0.8
    return total


def _words(text: str, i: int, end: int, tokens: _Tokens) -> float:
    """Return what jieba's cut says: a word tagged as a name, loose characters, or a cut through an ordinary word."""
    first, last = tokens.at[i], tokens.at[end - 1]
    inside = tokens.words[first : last + 1]
    starts, ends = tokens.starts[first] == i, tokens.starts[last] + len(tokens.words[last][0]) == end
    if starts and ends and len(inside) == 1:
        word, tag = inside[0]
        if word in _statistics()[2]:
            return -4.0 - _common(word)
        return 3.0 if _named(tag) else 2.0  # a word that no dictionary has, and that begins with a surname
    total = 0.0
    if not starts:
        total -= _cut(inside[0])
    if not ends:
        total -= _cut(inside[-1])
    whole = inside[(0 if starts else 1) : (None if ends else -1)]
    total -= sum(0.5 * _common(word) for word, tag in whole if len(word) > 1 and not _named(tag))
    return total + (1.5 if starts and any(_named(tag) for _, tag in whole) else 0.5 if starts and ends else 0.0)


def _named(tag: str) -> bool:
    """Say whether jieba's tag is one of names: nr, nrt (foreign), nrfg (well known)."""
    return tag.startswith("nr")


def _cut(pair: tuple[str, str]) -> float:
    """Return the price of a border inside a word: high for common words, little for guesses and other names."""
    word, tag = pair
    return 1.0 if _named(tag) or word not in _statistics()[2] else 4.0 + _common(word)


def _common(word: str) -> float:
    """Return how ordinary a word is: 0 for one that no dictionary has, about 9 for the commonest."""
    return math.log1p(_statistics()[2].get(word, 0)) * 0.9
