"""Chinese for the words that static cards and tables show. The lab side has its own, in fmtools/locale."""

from __future__ import annotations

ZH = {
    "queued": "排队中", "running": "运行中", "paused": "已暂停", "stopped": "已停止", "interrupted": "已中断", "failed": "失败", "done": "完成",
    "step": "步", "epoch": "轮", "loss": "损失", "learning rate": "学习率", "samples/s": "样本/秒", "tokens/s": "词元/秒", "elapsed": "已用", "left": "剩余",
    "model": "模型", "data": "数据", "task": "任务", "status": "状态", "name": "名称", "attention": "注意力", "layer": "层", "head": "头",
    "mean of all heads": "所有头的平均", "class": "类别", "precision": "精确率", "recall": "召回率", "F1": "F1", "support": "样本数", "text": "文本",
    "label": "标签", "score": "分数", "others": "其他", "metric": "指标", "option": "选项", "parameters": "参数量", "disk": "磁盘", "licence": "许可证",
    "languages": "语言", "installed": "已安装", "yes": "是", "no": "否", "split": "划分", "rows": "行数", "length": "长度", "check": "检查",
    "seen": "结果", "what to do": "建议", "most confused": "最易混淆", "times": "次数", "truth": "真实", "predicted": "预测", "training": "训练",
    "validation": "验证", "test": "测试", "no runs yet": "还没有运行", "summary": "说明", "examples": "示例", "classes": "类别数",
    "calibration": "校准", "confidence": "置信度", "accuracy": "准确率", "worst errors": "最严重的错误", "tags, token by token": "逐词元标签",
    "tag": "标签", "source": "原文", "written": "写出", "reference": "参考", "what the model writes": "模型写出的文本",
    "memory to train": "训练内存", "made here": "本机生成", "why": "理由", "left out": "未入选", "but": "但", "Nothing here fits.": "没有合适的模型。",
    "any": "任意", "here": "已在本机", "fetched": "已获取", "not here": "未获取", "download": "下载", "folder": "文件夹",
    "nothing found": "未找到实体",
    "translation": "译文", "short version": "摘要", "question": "问题", "answer": "回答", "context": "上下文", "no answer": "无答案",
    "dimension": "维数", "vector": "向量", "other text": "另一文本", "nearest texts": "最相近的文本", "prediction": "预测值",
    "changed": "已修改", "added": "已添加", "removed": "已移除", "moved": "已移动", "same": "未变", "before": "之前",
    "after": "之后", "characters": "字符", "language": "语言", "tags": "标签", "entities": "实体", "roles": "角色",
    "nothing kept yet": "还没有保存的数据", "age": "保存于", "from": "来源", "recipe": "配方", "columns": "列",
    "matched by": "匹配依据", "nothing odd was found": "未发现异常",
    "mask": "遮盖", "stand-in": "替身", "drop": "删除", "kind": "类型", "found": "发现", "column": "列", "row": "行", "by": "依据", "digest": "摘要", "audit": "审计表",
    "phone": "电话", "mail": "邮箱", "id": "证件号", "bank": "银行卡号", "address": "地址", "rows left out": "删除的行",
    "values brought back": "已恢复原值", "in memory only; --name keeps them": "仅在内存中；--name 可保存", "the key brings the values back": "凭密钥可恢复原值",
    "nothing brings the values back": "无法恢复原值",
    "Labels of": "标注：", "rows done": "行已完成", "skipped": "行跳过",
    "the model says": "模型认为", "the model does not find": "模型未找到",
    "not yet: a run obeys at the end of its step": "尚未：在当前步结束时执行",
    "token": "词元", "hardest passages": "最难的段落", "counting": "计数模型",
}  # fmt: skip
