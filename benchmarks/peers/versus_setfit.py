"""SetFit as its quickstart shows it, with two pairs a row. `python versus_setfit.py DATA MODEL EPOCHS SEED`."""

import sys

from datasets import load_dataset
from setfit import SetFitModel, Trainer, TrainingArguments

DATA, MODEL, EPOCHS, SEED = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
data = load_dataset("csv", data_files={name: f"{DATA}/{name}.csv" for name in ("train", "validation", "test")})
model = SetFitModel.from_pretrained(MODEL, labels=sorted(set(data["train"]["label"])))
args = TrainingArguments(
    batch_size=16,
    num_epochs=1,
    num_iterations=1,
    max_length=128,
    seed=SEED,
)
trainer = Trainer(
    model=model,
    args=args,
    train_dataset=data["train"],
    eval_dataset=data["validation"],
    metric="accuracy",
)
trainer.train()
model.save_pretrained("model")
predicted = model.predict(data["test"]["text"])
