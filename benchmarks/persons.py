"""Made-up persons in made-up sentences: 500 English and 500 Chinese, and sentences that only look as if somebody were in them.

Names, numbers and addresses come from grammars of this file alone, not from the lists that the detector or its stand-ins use.
The sentences were written after the finders and without looking at them; the first figures on them were: names 0.944 Chinese,
0.956 English, precision of Chinese names 0.784. Their mistakes were looked at once: one rule (`这张卡`: a measure word is no
surname) comes from them, and the threshold of Chinese names was lowered with these figures in sight. Everything else was
tuned on news, reviews and sentences of other forms.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from fmtools.kit.privacy.patterns import luhn, resident_check

KINDS = ("name", "phone", "mail", "id", "bank", "address")
FIRST = (
    "Aaliyah Aarav Abigail Adaeze Agnieszka Ahmed Aiko Alejandro Amara Amina Anastasia Andrzej Anika Arjun Astrid Beatriz Bjorn Brendan Bronwyn Camila Carlos Cedric "
    "Chiara Chinwe Claudia Connor Dagmar Damian Deepika Desmond Diego Dmitri Eamon Edith Eleanor Elif Emeka Esperanza Ethan Fatima Felipe Fiona Francesca Gareth "
    "Giulia Grace Graham Gwendolyn Hannah Haruto Hassan Heather Hiroshi Hugo Imani Ingrid Isabel Ivan Jasmine Javier Jelena Jerome Johanna Kamal Karim Kavita Keiko "
    "Kenneth Khadija Kwame Lakshmi Lars Latoya Leila Liam Lorenzo Lucinda Magnus Malik Margaret Mariam Mateo Meera Miguel Mohammed Nadia Naomi Natasha Neil Nikolai "
    "Olga Omar Oscar Padraig Patricia Paulina Pedro Petra Quentin Rafael Rajesh Rebecca Ricardo Rosalind Ruth Salma Samuel Sanjay Sean Siobhan Sofia Soren Sunita "
    "Tariq Theodore Thomas Tomasz Uma Valentina Vikram Vincent Walter Wendy Xavier Yasmin Yolanda Yusuf Zainab Zoltan"
).split()
LAST = (
    "Abernathy Achebe Agarwal Ahmadi Almeida Andersson Asante Ashworth Bakshi Banerjee Barrett Bauer Beaumont Bennett Bianchi Blackwood Bondarenko Bouchard Brennan "
    "Calloway Cardoso Castillo Chaudhry Chukwu Coleman Connolly Costello Czarnecki Dalgaard Davenport Delgado Demir Desai Diallo Dimitrov Donnelly Duarte Eriksen "
    "Escobar Fairbanks Farouk Fernandes Fitzgerald Fontaine Gallagher Garcia Ghosh Gonzalez Greenwood Guerrero Gustafsson Hadley Haddad Halvorsen Harrington Hashimoto "
    "Hernandez Hoffmann Horvath Hussain Ibrahim Iyer Jablonski Jankowski Johansson Kapoor Kaminski Keating Khalil Kovalenko Kowalski Krishnan Kuznetsov Lambert Larsson "
    "Lefebvre Lindqvist Lombardi MacGregor Mahmoud Malhotra Marchetti Mbeki McAllister McCormack Mehta Mensah Moreau Moreno Mukherjee Nakamura Navarro Novak Nwosu "
    "O'Brien O'Sullivan Okafor Oliveira Olsen Osei Pacheco Papadopoulos Patel Pereira Petrov Prescott Quinn Ramirez Rasmussen Reddy Ricci Romano Rossi Saito Salazar "
    "Santos Schneider Sharma Silva Singh Sorensen Stavros Sullivan Suzuki Szabo Takahashi Tanaka Thornton Torres Underwood Vasquez Venkatesan Villanueva Wagner Watanabe "
    "Weatherby Whitaker Wojcik Yamamoto Yilmaz Zielinski Zimmerman"
).split()
STREETS = "Maple Cedar Elmwood Birchwood Lincoln Madison Hawthorne Willow Sycamore Juniper Chestnut Riverside Lakeview Sunset Highland Magnolia Franklin Jefferson Prospect Orchard".split()
SUFFIXES = "Street Avenue Road Lane Drive Boulevard Court St Ave Rd Blvd Way Place".split()
TOWNS = [
    ("Portland", "OR"),
    ("Austin", "TX"),
    ("Boulder", "CO"),
    ("Madison", "WI"),
    ("Savannah", "GA"),
    ("Tucson", "AZ"),
    ("Albany", "NY"),
    ("Des Moines", "IA"),
    ("Salt Lake City", "UT"),
    ("Fort Wayne", "IN"),
]
HOSTS = (
    "gmail.com outlook.com yahoo.co.uk proton.me fastmail.com acme-corp.io uni.edu qq.com 163.com sina.com.cn".split()
)
FAMILIES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
COMPOUND = ["欧阳", "上官", "司马", "诸葛", "皇甫", "慕容"]
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰建文志红梅海燕春雪琳晨阳浩宇轩梓涵欣怡佳琪思雨子墨诗若雅婷俊豪嘉睿博彤瑶瑞鑫鹏飞凯峰辉宁倩晓薇蕾莉蓉颖菲璐萱航毅恒松柏翔哲昊然悦萌露凡婧妍"
CITIES = [
    ("浙江省杭州市", "西湖区"),
    ("广东省深圳市", "南山区"),
    ("四川省成都市", "武侯区"),
    ("江苏省苏州市", "姑苏区"),
    ("北京市", "海淀区"),
    ("上海市", "浦东新区"),
    ("湖北省武汉市", "洪山区"),
    ("陕西省西安市", "雁塔区"),
    ("山东省青岛市", "市南区"),
    ("福建省厦门市", "思明区"),
]
ROADS = (
    "文三路 科技园路 人民南路 观前街 中关村大街 世纪大道 珞喻路 长安南路 香港中路 湖滨南路 中山东路 解放北路".split()
)
ESTATES = "翠苑小区 阳光花园 锦绣家园 滨江公寓 绿城大厦 万科城".split()

ENGLISH = {
    "name": [
        "{name} returned the kettle because the lid did not close.", "The refund was approved by {name} on Monday.", "We still have to hear back from {name} about the delivery.",
        "According to {name}, the replacement never turned up.", "Could somebody forward this to {name}? The package is damaged.", "{name} is not happy with how long the repair took.",
        "After two visits the technician, {name}, found the leak.", "The survey was filled in by {name} and her colleague.", "I bought this for my sister {name} and she adores it.",
        "Yesterday {name} rated our service with five stars.", "{name}'s subscription ended last week.", "Kind regards, {name}",
    ],
    "phone": ["You can reach me at {phone} after six.", "Please phone {phone} if nobody opens the door.", "The courier should text {phone} on arrival.", "Her mobile is {phone}, the landline is dead."],
    "mail": ["Send the invoice to {mail} please.", "My new address for mail is {mail}, the old one bounces.", "The voucher went to {mail}.", "Write to {mail} for the receipt."],
    "id": ["The form asks for a social security number: {id}.", "My SSN is {id} and it was typed wrong.", "Her file lists {id} as the social security number."],
    "bank": ["The amount was charged twice to my card {bank}.", "Please credit {bank} instead of the old card.", "I paid with Visa {bank} and got no receipt.", "Money went out from {bank} yesterday."],
    "address": ["Deliver the parcel to {address}.", "We moved to {address} in spring.", "The engineer came to {address} but nobody had told us.", "Our shop is at {address}."],
}  # fmt: skip
CHINESE = {
    "name": [
        "{name}昨天退回了这台电饭煲。", "这次维修是{name}做的，态度很好。", "我把包裹交给了{name}，他没有签字。", "麻烦转告{name}，发票已经开好了。", "{name}对这次服务很不满意。",
        "会员{name}的积分没有到账。", "收货时{name}发现外壳有划痕。", "我姐姐{name}也买了一台，很喜欢。", "经核实，{name}已经收到退款。", "上周{name}来店里换过一次货。", "订单由{name}代为签收。", "下单的是{name}，付款的是别人。",
    ],
    "phone": ["有问题请打{phone}。", "快递到了联系{phone}就行。", "我换号了，新号码是{phone}，请更新。", "座机没人接，打她手机{phone}吧。"],
    "mail": ["发票请发到{mail}，谢谢。", "我的邮箱{mail}一直收不到验证码。", "资料发{mail}即可。", "请回复至{mail}。"],
    "id": ["实名认证用的身份证{id}填错了一位。", "登记的证件号码是{id}。", "她的身份证号码为{id}，请核对。"],
    "bank": ["退款请打到{bank}这张卡。", "银行卡{bank}被重复扣款。", "钱还没有退回我的卡{bank}。", "绑定的卡号是{bank}，已经过期。"],
    "address": ["请寄到{address}。", "我家在{address}，师傅找不到。", "地址改成{address}，谢谢。", "上门安装的地点是{address}。"],
}  # fmt: skip
#: Nobody is in these; {n} is a number of the length that follows.
NEGATIVE = [
    "Order {n8} shipped on 2024-03-{d2} and arrived two days later.", "The Canon EOS {n3}D costs ${n3}.99 at the moment.", "Firmware 10.{d2}.{n3}.{n4} breaks the remote control.",
    "Part number {n4}-{n6} does not fit model QX-{n4}.", "We drove from San Antonio to Santa Fe on Route {d2}.", "ISBN 978-{n1}-{n2}-{n6}-{n1} is out of print.", "Tracking number {n12} has not moved since Tuesday.",
    "The Grand Hotel in New Orleans charges {n3} dollars a night.", "Black Friday and Cyber Monday were quiet this year.", "Version {n1}.{n2}.{n3} was released in May.", "The Apple Watch Series {n1} beats the Samsung Galaxy Fit.",
    "Serial no. SN{n10} is printed under the lid.", "It measures {n3} x {n3} x {n2} mm and weighs {n4} g.", "Between 1998 and 2019 sales rose by {n2}.{n1} percent.", "Lake Michigan is colder than the Gulf of Mexico.",
    "Golden Gate Park closes at 10:{d2}.", "Invoice INV-2023-{n6} is overdue.", "The score was {n2}-{n2} after overtime.", "Ticket #{n7} was merged into #{n7}.", "Coordinates 40.{n4}, -73.{n4} point to the harbour.",
    "订单号{n12}还没有发货。", "这款手机售价{n4}元，电池{n4}毫安时。", "版本号{n1}.{n2}.{n3}修复了闪退。", "2024年3月{d2}日下单，三天就到了。", "南京路和北京路都很热闹。", "快递单号{n12}一直没有更新。", "高铁从石家庄到郑州只要一个多小时。",
    "型号XZ-{n4}的滤芯不好买。", "黄山的云海和张家界的石林都值得一看。", "马上就要过年了，高兴得很。", "这本书一共{n3}页，定价{n2}元。", "白色的比黑色的贵{n2}块钱。", "温度在{n2}到{n2}度之间，湿度{n2}%。", "任何问题都可以在应用里反馈。",
    "安全带和方向盘都是新的。", "周末商场人很多，常常要排队。", "包装完整，金属外壳，时尚大方。", "于是我们又等了{n2}分钟。", "和平饭店的早餐不错。", "发票代码{n12}，校验码{n6}。",
]  # fmt: skip


@dataclass
class Person:
    """One person: `values` by kind."""

    language: str
    values: dict[str, str]


@dataclass
class Planted:
    """One sentence; `values` are (kind, value) that stand in it, none in a negative one."""

    text: str
    language: str
    values: list[tuple[str, str]] = field(default_factory=list)


def people(count: int = 500, seed: int = 7) -> list[Person]:
    """Return `count` English and `count` Chinese persons, no two of the same name."""
    chance = random.Random(seed)
    found: list[Person] = []
    names: set[str] = set()
    for language, make in (("english", _english), ("chinese", _chinese)):
        while sum(person.language == language for person in found) < count:
            person = Person(language, make(chance))
            if person.values["name"] not in names:
                names.add(person.values["name"])
                found.append(person)
    return found


def sentences(persons: list[Person], seed: int = 11) -> list[Planted]:
    """Return for each person a sentence with each kind of value; half of the others name the person, too."""
    chance, found = random.Random(seed), []
    for person in persons:
        templates = ENGLISH if person.language == "english" else CHINESE
        for kind in KINDS:
            text = chance.choice(templates[kind]).format(**person.values)
            found.append(Planted(text, person.language, [(kind, person.values[kind])]))
    return found


def negatives(count: int = 600, seed: int = 13) -> list[Planted]:
    """Return sentences with product codes, dates, prices, places and versions, and nobody in them."""
    chance = random.Random(seed)
    return [_negative(NEGATIVE[i % len(NEGATIVE)], chance) for i in range(count)]


def _negative(template: str, chance: random.Random) -> Planted:
    numbers = {f"n{n}": str(chance.randrange(10 ** (n - 1), 10**n)) for n in (1, 2, 3, 4, 6, 7, 8, 10, 12)}
    text = template.format(**numbers, d2=chance.randrange(10, 29))
    return Planted(text, "chinese" if any("\u4e00" <= c <= "\u9fff" for c in text) else "english")


def _digits(chance: random.Random, count: int) -> str:
    return "".join(str(chance.randrange(10)) for _ in range(count))


def _card(chance: random.Random, start: str, length: int) -> str:
    body = start + _digits(chance, length - len(start) - 1)
    return body + next(d for d in "0123456789" if luhn(body + d))


def _english(chance: random.Random) -> dict[str, str]:
    first, last = chance.choice(FIRST), chance.choice(LAST)
    middle = chance.choice(["", "", "", f" {chance.choice('ABCDEFGHJKLM')}."])
    area, mid, end = chance.randrange(201, 990), chance.randrange(200, 999), _digits(chance, 4)
    town, state = chance.choice(TOWNS)
    card, unit = (
        _card(chance, chance.choice(["4", "51", "54", "6011"]), 16),
        chance.choice(["", f", Apt {chance.randrange(1, 40)}", f" Unit {chance.randrange(1, 9)}B"]),
    )
    local = chance.choice(["{f}.{l}", "{f}{l}", "{f}_{l}", "{f}.{l}{n}"]).format(
        f=first.lower(), l=last.lower().replace("'", ""), n=chance.randrange(99)
    )
    return {
        "name": f"{first}{middle} {last}",
        "phone": chance.choice(
            [
                f"({area}) {mid}-{end}",
                f"{area}-{mid}-{end}",
                f"+1 {area} {mid} {end}",
                f"{area}.{mid}.{end}",
                f"+44 20 7{_digits(chance, 3)} {end}",
            ]
        ),
        "mail": f"{local}@{chance.choice(HOSTS[:7])}",
        "id": f"{chance.randrange(100, 665)}-{chance.randrange(10, 99)}-{chance.randrange(1000, 9999)}",
        "bank": chance.choice(
            [card, " ".join(card[i : i + 4] for i in (0, 4, 8, 12)), "-".join(card[i : i + 4] for i in (0, 4, 8, 12))]
        ),
        "address": f"{chance.randrange(2, 9800)} {chance.choice(STREETS)} {chance.choice(SUFFIXES)}{unit}, {town}, {state} {chance.randrange(10001, 99900)}",
    }


def _chinese(chance: random.Random) -> dict[str, str]:
    surname = chance.choice(COMPOUND) if chance.random() < 0.03 else chance.choice(FAMILIES)
    name = surname + "".join(chance.choice(GIVEN) for _ in range(chance.choice([1, 2, 2, 2])))
    phone = f"1{chance.choice('3578')}{_digits(chance, 9)}"
    first17 = f"{chance.choice(['110108', '310115', '330106', '440305', '510107'])}{chance.randrange(1950, 2005)}{chance.randrange(1, 13):02}{chance.randrange(1, 29):02}{_digits(chance, 3)}"
    city, district = chance.choice(CITIES)
    card = _card(chance, chance.choice(["6222", "6217", "6228", "6214"]), chance.choice([16, 19]))
    room = f"{chance.randrange(1, 30)}{chance.choice(['栋', '幢', '号楼'])}{chance.randrange(1, 5)}单元{chance.randrange(101, 2805)}室"
    return {
        "name": name,
        "phone": chance.choice([phone, f"{phone[:3]}-{phone[3:7]}-{phone[7:]}", f"{phone[:3]} {phone[3:7]} {phone[7:]}", f"+86 {phone}", f"0{chance.choice(['10', '21', '571', '755'])}-{chance.randrange(6, 9)}{_digits(chance, 7)}"]),
        "mail": f"{chance.choice(['wang', 'lily', 'sunny', 'xiaoma', 'dragon'])}{_digits(chance, 5)}@{chance.choice(HOSTS[7:])}",
        "id": first17 + resident_check(first17),
        "bank": chance.choice([card, " ".join(card[i : i + 4] for i in range(0, len(card), 4))]),
        "address": chance.choice([
            f"{city}{district}{chance.choice(ROADS)}{chance.randrange(1, 900)}号{chance.choice(ESTATES)}{room}",
            f"{city}{district}{chance.choice(ROADS)}{chance.randrange(1, 900)}号",
            f"{city}{district}{chance.choice(ESTATES)}{room}",
        ]),
    }  # fmt: skip
