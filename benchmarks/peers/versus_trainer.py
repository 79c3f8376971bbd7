"""The stock transformers Trainer as its guide to text classification shows it. `python versus_trainer.py DATA MODEL EPOCHS SEED`."""

# ruff: noqa: D103 - a user's script

import sys

import numpy as np
from datasets import load_dataset
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)

DATA, MODEL, EPOCHS, SEED = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
data = load_dataset("csv", data_files={name: f"{DATA}/{name}.csv" for name in ("train", "validation", "test")})
labels = sorted(set(data["train"]["label"]))
id2label = dict(enumerate(labels))
label2id = {label: i for i, label in id2label.items()}
tokenizer = AutoTokenizer.from_pretrained(MODEL)


def preprocess(examples):
    encoded = tokenizer(examples["text"], truncation=True, max_length=128)
    return {**encoded, "labels": [label2id[label] for label in examples["label"]]}


def compute_metrics(eval_pred):
    predictions, truth = eval_pred
    return {"accuracy": float((np.argmax(predictions, axis=1) == truth).mean())}


tokenized = data.map(preprocess, batched=True, remove_columns=["text", "label"])
model = AutoModelForSequenceClassification.from_pretrained(
    MODEL, num_labels=len(labels), id2label=id2label, label2id=label2id
)
training_args = TrainingArguments(
    output_dir="my_awesome_model",
    learning_rate=1e-4,
    warmup_steps=0.1,
    per_device_train_batch_size=16,
    per_device_eval_batch_size=16,
    num_train_epochs=EPOCHS,
    weight_decay=0.01,
    eval_strategy="epoch",
    save_strategy="epoch",
    load_best_model_at_end=True,
    seed=SEED,
)
trainer = Trainer(
    model=model,
    args=training_args,
    train_dataset=tokenized["train"],
    eval_dataset=tokenized["validation"],
    processing_class=tokenizer,
    data_collator=DataCollatorWithPadding(tokenizer=tokenizer),
    compute_metrics=compute_metrics,
)
trainer.train()
trainer.save_model("model")
predicted = [labels[i] for i in trainer.predict(tokenized["test"]).predictions.argmax(-1)]
