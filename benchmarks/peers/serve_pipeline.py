"""A model behind FastAPI as its guides show it: `python serve_pipeline.py MODEL_FOLDER PORT`, a transformers pipeline a request."""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
from transformers import pipeline


class Asked(BaseModel):
    """The body of a request."""

    text: str


def main(folder: str, port: str) -> None:
    """Serve until killed."""
    model = pipeline("text-classification", model=folder, trust_remote_code=True)
    app = FastAPI()

    @app.post("/predict")
    def predict(asked: Asked) -> dict:
        return {"predictions": [{"text": asked.text, **model(asked.text)[0]}]}

    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:3])
