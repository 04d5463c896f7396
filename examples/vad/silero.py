"""Silero VAD as the demos compile it, and what programs must find with it by onnxruntime and Silero's own rules."""
import driver
import numpy as np

RATE, FRAME, CONTEXT = 16000, 512, 64


def detector(demo):
    """Fetches the network and makes its library; returns the model's path."""
    model = demo.fetch("silero-vad", "silero_vad/data/silero_vad_16k_op15.onnx", "silero_vad")
    demo.compile(model, ["batch=1", f"sequence={CONTEXT + FRAME}"], ["state=stateN"])
    return model


def probabilities(model, sound):
    """Of each frame, as Silero's own wrapper asks for them."""
    run = driver.reference(model)
    samples = np.frombuffer(sound, "<i2").astype(np.float32) / 32768
    samples = np.concatenate([np.zeros(CONTEXT, np.float32), samples, np.zeros(-len(samples) % FRAME, np.float32)])
    state = np.zeros((2, 1, 128), np.float32)
    for begin in range(0, len(samples) - CONTEXT, FRAME):
        out, state = run(input=samples[None, begin:begin + CONTEXT + FRAME], state=state, sr=np.array(RATE))
        yield float(out[0, 0])


def segments(frames, length):
    """Silero's get_speech_timestamps: 100 ms of silence end a segment, 250 ms make one, 30 ms are added on both sides."""
    found, begin, end = [], None, None
    for at, p in ((k * FRAME, p) for k, p in enumerate(frames)):
        if p >= 0.5:
            begin, end = at if begin is None else begin, None
        elif p < 0.35 and begin is not None:
            end = at if end is None else end
            if at - end >= RATE // 10:
                found.append((begin, end))
                begin = end = None
    if begin is not None:
        found.append((begin, length))
    return [(max(0, b - 480), min(length, e + 480)) for b, e in found if e - b > RATE // 4]
