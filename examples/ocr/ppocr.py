"""PP-OCRv4's networks as the demos compile them: each function fetches one, makes its library and returns the model's path."""
import os

from characters import write_characters

PACKAGE, FOLDER = "rapidocr-onnxruntime", "rapidocr_onnxruntime/models/"
# Inputs are x[batch, 3, height, width] with these names. One picture at a time.
ONE = "p2o.DynamicDimension.0=1"


def detector(demo):
    """Pages of any size."""
    model = demo.fetch(PACKAGE, FOLDER + "ch_PP-OCRv4_det_infer.onnx", "ppocrv4_det")
    demo.compile(model, [ONE, "p2o.DynamicDimension.1=32..2048", "p2o.DynamicDimension.2=32..2048"])
    return model


def classifier(demo):
    model = demo.fetch(PACKAGE, FOLDER + "ch_ppocr_mobile_v2.0_cls_infer.onnx", "ppocr_cls")
    demo.compile(model, options=["--shape", "x=1x3x48x192"])
    return model


def recogniser(demo):
    """Lines of 48 rows and any width; their characters in WORK/characters.txt."""
    model = demo.fetch(PACKAGE, FOLDER + "ch_PP-OCRv4_rec_infer.onnx", "ppocrv4_rec")
    write_characters(model, os.path.join(demo.work, "characters.txt"))
    demo.compile(model, [ONE, "x[2]=48", "p2o.DynamicDimension.1=320..2048"])
    return model
