"""Writes the net as ONNX with its characters, in the form that PP-OCR recognisers have."""

import os

import onnx
import torch

from classes import CHARACTERS
from model import Probabilities
from scanning import HEIGHT


def export(reader, path):
    """Replaces the file in one step, so that nobody loads half a model."""
    part = f"{path}.part"
    exported = Probabilities(reader).eval()
    torch.onnx.export(
        exported,
        (torch.zeros(1, 1, HEIGHT, 160),),
        part,
        opset_version=17,
        dynamo=False,
        input_names=["pixels"],
        output_names=["probabilities"],
        dynamic_axes={"pixels": {0: "batch", 3: "width"}, "probabilities": {0: "batch", 1: "columns"}},
    )
    graph = onnx.load(part)
    onnx.helper.set_model_props(graph, {"character": "\n".join(CHARACTERS)})
    onnx.checker.check_model(graph)
    onnx.save(graph, part)
    os.replace(part, path)
