// Words of the page. English is the key.
const FM_ZH = {
  'Row %1 of %2': '第 %1 行，共 %2 行',
  '%1 of %2 done': '已完成 %1 / %2',
  '%1 changed': '已改 %1',
  '%1 removed': '已删 %1',
  '%1 skipped': '跳过 %1',
  'Saved': '已保存',
  'Saving …': '正在保存…',
  'Not saved': '未保存',
  'Previous row': '上一行',
  'Next row': '下一行',
  'Undo': '撤销',
  'Skip': '跳过',
  'Remove row': '删除此行',
  'Keep row': '保留此行',
  'All rows': '全部',
  'Open': '未完成',
  'Done': '已完成',
  'Changed': '已更改',
  'With a reason': '可疑',
  'Find rows': '查找文本',
  'Which rows': '显示哪些行',
  'Label': '标签',
  'Find a label': '查找标签',
  'New label': '新标签',
  'Add': '添加',
  'Cancel': '取消',
  'Use %1': '使用“%1”',
  'Add %1 all the same': '仍然添加“%1”',
  'There is a label “%1” already.': '已有标签“%1”。',
  'Keep as new version': '保存为新版本',
  'Kept as %1': '已保存为 %1',
  'given': '原标签',
  'model': '模型',
  'Given: %1. The model is %2 sure of: %3.': '原标签：%1。模型有 %2 的把握认为是：%3。',
  'The model wavers: %1 %2, %3 %4.': '模型犹豫不决：%1 %2，%3 %4。',
  'The model is %2 sure that “%1” is %3.': '模型有 %2 的把握认为“%1”是 %3。',
  'Given: “%1” is %2. The model does not find it.': '原标注：“%1”是 %2，模型没有找到。',
  'No label yet.': '还没有标签。',
  'Will be removed.': '此行将被删除。',
  'Skipped.': '已跳过。',
  'Looking for likely wrong labels …': '正在查找可能错误的标签…',
  'This row cannot be read: %1. Confirm to tag it anew.': '无法读取此行：%1。确认后将重新标注。',
  'Click here, then use the keys': '点击此处后即可使用键盘',
  'Keys': '按键',
  'label': '标签',
  'accept': '接受',
  'the model’s label': '模型的标签',
  'rows': '换行',
  'undo': '撤销',
  'skip': '跳过',
  'remove': '删除',
  'find rows': '查找文本',
  'find a label': '查找标签',
  'new label': '新标签',
  'choose words': '选择词',
  'choose several': '选择多个词',
  'take a mark away': '去掉标记',
  'given tags': '原标注',
  'Accept': '接受',
  'Confirm': '确认',
  'Select words, then choose what they are.': '选中文字，再选择实体类型。',
  'Nothing found.': '没有找到。',
  'Every row is done.': '所有行都已完成。',
  'No kernel answers. Run the cell again to go on; everything that was said to be saved is there.':
    '内核没有响应。请重新运行此单元格；凡显示“已保存”的内容都在。',
  'Trying again …': '正在重试…',
  'empty': '空',
  'before': '之前已看过',
  'Type of entity': '实体类型'
};

function fmWords(model) {
  const asked = model.get('language') || document.documentElement.lang || 'en';
  const zh = asked.toLowerCase().startsWith('zh');
  return (key, ...values) =>
    values.reduce((text, value, i) => text.split(`%${i + 1}`).join(String(value)), (zh && FM_ZH[key]) || key);
}

function fmShare(score) {
  const percent = 100 * score;
  return `${percent >= 99.5 ? Math.floor(percent * 10) / 10 : Math.round(percent)} %`;
}
