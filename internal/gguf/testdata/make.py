"""Makes python.gguf with gguf-py: metadata of all types and two tensors."""
import sys
import numpy as np, gguf
from gguf import GGUFValueType as V

w = gguf.GGUFWriter(sys.path[0] + "/python.gguf", "llama")
for key, value, kind, sub in [
    ("t.u8", 200, V.UINT8, None), ("t.i8", -3, V.INT8, None), ("t.u16", 60000, V.UINT16, None), ("t.i16", -300, V.INT16, None),
    ("t.u32", 4000000000, V.UINT32, None), ("t.i32", -70000, V.INT32, None), ("t.f32", 0.1, V.FLOAT32, None), ("t.bool", True, V.BOOL, None),
    ("t.text", "Hello, 世界", V.STRING, None), ("t.u64", 1 << 63, V.UINT64, None), ("t.i64", -1 << 40, V.INT64, None), ("t.f64", 0.1, V.FLOAT64, None),
    ("t.texts", ["a", "", "ü"], V.ARRAY, V.STRING), ("t.ints", [1, -2, 3], V.ARRAY, V.INT32), ("t.floats", [0.5, -1.0], V.ARRAY, V.FLOAT32),
    ("t.bools", [True, False], V.ARRAY, V.BOOL),
]:
    w.add_key_value(key, value, kind, sub)
w.add_tensor("w", np.arange(6, dtype=np.float32).reshape(2, 3))
q = np.full((2, 32), 0, np.float32)
q[0, 0], q[0, 1], q[1, 31] = -64, 127, 127
w.add_tensor("q", gguf.quantize(q, gguf.GGMLQuantizationType.Q8_0), raw_dtype=gguf.GGMLQuantizationType.Q8_0)
w.write_header_to_file()
w.write_kv_data_to_file()
w.write_tensors_to_file()
w.close()
