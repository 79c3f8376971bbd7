"""A model server without torch and transformers: onnxruntime, tokenizers, numpy, FastAPI.

It stands alone: nothing here imports the rest of fmtools, so a bundle copies this folder and runs it anywhere with
`python -m serving FOLDER`.
"""
