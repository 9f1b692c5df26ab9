"""Writes the files that the tests read, with pyarrow 26.0.1: python make.py"""
import decimal, datetime, pyarrow as pa, pyarrow.parquet as pq
text = [f"line {i} " + "abc" * (i % 5) for i in range(40)]
text[3], text[4] = "", "π and 你好"
flat = pa.table({"text": text, "label": pa.array([i % 3 for i in range(40)], pa.int64()), "score": pa.array([i / 4 if i % 7 else None for i in range(40)], pa.float64()), "good": [i % 2 == 0 for i in range(40)]})
for codec in ["none", "snappy", "gzip", "zstd", "brotli", "lz4"]:
    pq.write_table(flat, f"flat-{codec}.parquet", compression=codec, row_group_size=16, write_page_checksum=codec in ("snappy", "none"))
pq.write_table(flat, "flat-v2.parquet", compression="zstd", data_page_version="2.0", data_page_size=64, use_dictionary=False, column_encoding={"text": "DELTA_LENGTH_BYTE_ARRAY", "label": "DELTA_BINARY_PACKED", "score": "BYTE_STREAM_SPLIT", "good": "RLE"})
tool = pa.struct([("name", pa.string()), ("arguments", pa.struct([("q", pa.string()), ("n", pa.int32())]))])
message = pa.struct([("role", pa.string()), ("content", pa.string()), ("tool_calls", pa.list_(tool))])
chats = pa.table({"id": pa.array([7, 8, 9], pa.uint8()), "messages": pa.array([
    [{"role": "user", "content": "hi", "tool_calls": None}, {"role": "assistant", "content": None, "tool_calls": [{"name": "f", "arguments": {"q": "x", "n": 1}}]}], [], None], pa.list_(message)),
    "tokens": pa.array([["a", "b"], [], ["c"]], pa.list_(pa.string())), "deep": pa.array([[[1], []], None, [[2, 3]]], pa.list_(pa.list_(pa.int32())))})
pq.write_table(chats, "nested.parquet", compression="snappy")
odd = pa.table({"f16": pa.array([1.5], pa.float16()), "f32": pa.array([0.25], pa.float32()), "i8": pa.array([-3], pa.int8()), "u64": pa.array([2**64 - 1], pa.uint64()),
    "day": pa.array([datetime.date(2024, 2, 29)]), "time": pa.array([datetime.datetime(2024, 2, 29, 12, 30, 1, 500000)], pa.timestamp("us")),
    "price": pa.array([decimal.Decimal("12.34")], pa.decimal128(9, 2)), "raw": pa.array([b"\xff\x00"], pa.binary()), "map": pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())),
    "word": pa.array(["x"]).dictionary_encode(), "large": pa.array(["y"], pa.large_string()), "nothing": pa.nulls(1)})
pq.write_table(odd, "odd.parquet", compression="none")
