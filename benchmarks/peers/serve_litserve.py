"""A model behind LitServe as its guide shows it: `python serve_litserve.py MODEL_FOLDER PORT`, with its batching."""

from __future__ import annotations

import sys

import litserve
from transformers import pipeline

#: Its workers import this file anew and see the same arguments.
FOLDER = sys.argv[1]


class Classifier(litserve.LitAPI):
    """A transformers pipeline, given batches of what waits."""

    def setup(self, device):
        """Load the model in the worker."""
        self.model = pipeline("text-classification", model=FOLDER, device=device, trust_remote_code=True)

    def decode_request(self, request):
        """Return the text of a body."""
        return request["text"]

    def predict(self, texts):
        """Return an answer a text."""
        return [{"text": text, **found} for text, found in zip(texts, self.model(list(texts)), strict=True)]

    def encode_response(self, output):
        """Return the body of an answer."""
        return {"predictions": [output]}


if __name__ == "__main__":
    api = Classifier(max_batch_size=8, batch_timeout=0.005)
    litserve.LitServer(api, accelerator="cpu").run(port=int(sys.argv[2]), host="127.0.0.1", generate_client_file=False)
