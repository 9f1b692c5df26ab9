"""Writes golden.events with TensorBoard's own protocol buffers and record writer: pip install tensorboard; python golden.py"""
import os
from tensorboard.compat.proto.event_pb2 import Event, SessionLog
from tensorboard.compat.proto.summary_pb2 import Summary, HistogramProto, SummaryMetadata
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.plugins.hparams import plugin_data_pb2, api_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

out = open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.events"), "wb")
w = RecordWriter(out)
def emit(e): w.write(e.SerializeToString(deterministic=True))

def meta(name, content=None):
    m = SummaryMetadata(plugin_data=SummaryMetadata.PluginData(plugin_name=name))
    if content is not None: m.plugin_data.content = content
    return m

def hparam(tag, data):
    return Summary.Value(tag=tag, metadata=meta("hparams", data.SerializeToString(deterministic=True)))

emit(Event(wall_time=1.5, file_version="brain.Event:2"))
emit(Event(wall_time=1.5, step=7, session_log=SessionLog(status=SessionLog.START)))
h = HistogramProto(min=-1, max=2, num=3, sum=1.5, sum_squares=5.25, bucket_limit=[-0.5, 0.5, 2], bucket=[1, 1, 1])
text = Summary.Value(tag="args/text_summary", metadata=meta("text"),
    tensor=TensorProto(dtype=7, tensor_shape=TensorShapeProto(dim=[TensorShapeProto.Dim(size=1)]), string_val=["诗 text".encode()]))
emit(Event(wall_time=1.5, step=7, summary=Summary(value=[Summary.Value(tag="train/loss", simple_value=2.75), Summary.Value(tag="weights/a", histo=h), text])))
experiment = api_pb2.Experiment()
for name, kind in [("lr", api_pb2.DATA_TYPE_FLOAT64), ("on", api_pb2.DATA_TYPE_BOOL), ("preset", api_pb2.DATA_TYPE_STRING)]:
    experiment.hparam_infos.add(name=name, type=kind)
experiment.metric_infos.add(name=api_pb2.MetricName(tag="eval/loss"))
start = plugin_data_pb2.SessionStartInfo(start_time_secs=1.25)
start.hparams["lr"].number_value = 0.001
start.hparams["on"].bool_value = True
start.hparams["preset"].string_value = "char"
end = plugin_data_pb2.SessionEndInfo(status=api_pb2.STATUS_SUCCESS, end_time_secs=2.25)
H = plugin_data_pb2.HParamsPluginData
emit(Event(wall_time=1.5, summary=Summary(value=[hparam("_hparams_/experiment", H(experiment=experiment)),
    hparam("_hparams_/session_start_info", H(session_start_info=start)), hparam("_hparams_/session_end_info", H(session_end_info=end))])))
out.close()
