"""What a column's name says of its cells: a cell of `phone` is a phone number even when its form is a strange one."""

from __future__ import annotations

import re

#: Kind -> names of columns that hold nothing else. `name` alone may be a product's: the cells decide (`name?`).
_SURE = {
    "name": r"(?:full|first|last|middle|family|given|maiden|customer|client|patient|employee|contact|person|user_?real|sender|recipient|receiver|cardholder|owner|buyer|seller|student|teacher|guest|tenant|nick)_?name|"
    r"surname|recipient|consignee|姓名|名字|客户姓名|顾客姓名|客户名|用户姓名|真实姓名|联系人|收件人|收货人|寄件人|患者|患者姓名|病人|员工姓名|经办人|学生姓名|家长姓名|持卡人|户主",
    "phone": r"(?:customer_?|home_?|work_?|cell_?|mobile_?|contact_?)?(?:phone|telephone|tel|mobile|cellphone|cell|fax|whatsapp)(?:_?(?:no|num|number))?|电话|手机|手机号|手机号码|电话号码|联系电话|联系方式|座机|传真",
    "mail": r"(?:customer_?|contact_?|work_?)?e?_?mail(?:_?addr(?:ess)?)?|邮箱|电子邮件|电子邮箱|邮箱地址|邮件地址",
    "id": r"ssn|social_?security(?:_?(?:no|number))?|national_?id|id_?card(?:_?(?:no|number))?|passport(?:_?(?:no|number))?|身份证|身份证号|身份证号码|证件号|证件号码|护照号|护照",
    "bank": r"iban|card_?(?:no|num|number)|credit_?card(?:_?(?:no|number))?|bank_?account(?:_?(?:no|number))?|account_?(?:no|num|number)|银行卡|银行卡号|卡号|账号|银行账号|银行账户|帐号",
    "address": r"(?:home_?|postal_?|street_?|shipping_?|billing_?|mailing_?|delivery_?)?address(?:_?(?:line)?_?\d)?|street|地址|住址|家庭地址|家庭住址|收货地址|收件地址|联系地址|通讯地址|详细地址",
}
_UNSURE = {
    "name": r"name|customer|client|patient|employee|contact|person|author|buyer|seller|student|客户|顾客|用户|员工|作者|学生|病人姓"
}


def hint_of(column: str) -> str:
    """Return the kind that a column's name promises, with a `?` when only its cells can tell; "" for none."""
    plain = re.sub(r"[\s-]+", "_", re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column.strip())).lower()
    for kind, pattern in _SURE.items():
        if re.fullmatch(pattern, plain):
            return kind
    return next((f"{kind}?" for kind, pattern in _UNSURE.items() if re.fullmatch(pattern, plain)), "")
