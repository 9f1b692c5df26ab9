package tfevents

import (
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Numbers of fields in TensorFlow's protocol buffers.
const (
	eventWallTime   = 1
	eventStep       = 2
	eventVersion    = 3
	eventSummary    = 5
	eventSessionLog = 7

	summaryValue = 1

	valueTag       = 1
	valueSimple    = 2
	valueHistogram = 5
	valueTensor    = 8
	valueMetadata  = 9

	metadataPlugin = 1
	pluginName     = 1
	pluginContent  = 2

	tensorType   = 1
	tensorShape  = 2
	tensorString = 8
	shapeDim     = 2
	dimSize      = 1
	typeString   = 7

	sessionStatus = 1
	sessionStart  = 1
)

// A Value is one thing that an event tells under a tag.
type Value struct{ encoded []byte }

func appendTag(dst []byte, tag string) []byte {
	dst = protowire.AppendTag(dst, valueTag, protowire.BytesType)
	return protowire.AppendString(dst, tag)
}

func appendDouble(dst []byte, field protowire.Number, v float64) []byte {
	dst = protowire.AppendTag(dst, field, protowire.Fixed64Type)
	return protowire.AppendFixed64(dst, math.Float64bits(v))
}

func appendInt(dst []byte, field protowire.Number, v int64) []byte {
	dst = protowire.AppendTag(dst, field, protowire.VarintType)
	return protowire.AppendVarint(dst, uint64(v))
}

func appendBytes(dst []byte, field protowire.Number, v []byte) []byte {
	dst = protowire.AppendTag(dst, field, protowire.BytesType)
	return protowire.AppendBytes(dst, v)
}

// Scalar is a number, which is stored as a float32.
func Scalar(tag string, v float64) Value {
	b := appendTag(nil, tag)
	b = protowire.AppendTag(b, valueSimple, protowire.Fixed32Type)
	return Value{protowire.AppendFixed32(b, math.Float32bits(float32(v)))}
}

// metadata names the plugin of TensorBoard that shows a value.
func metadata(name string, content []byte) []byte {
	b := protowire.AppendTag(nil, pluginName, protowire.BytesType)
	b = protowire.AppendString(b, name)
	if content != nil {
		b = appendBytes(b, pluginContent, content)
	}
	return appendBytes(nil, metadataPlugin, b)
}

// Text is a text, which TensorBoard reads as Markdown.
func Text(tag, text string) Value {
	shape := appendBytes(nil, shapeDim, appendInt(nil, dimSize, 1))
	tensor := appendInt(nil, tensorType, typeString)
	tensor = appendBytes(tensor, tensorShape, shape)
	tensor = appendBytes(tensor, tensorString, []byte(text))
	b := appendTag(nil, tag+"/text_summary")
	b = appendBytes(b, valueTensor, tensor)
	return Value{appendBytes(b, valueMetadata, metadata("text", nil))}
}

// event returns an event with one more field.
func event(wallTime float64, step int64, field protowire.Number, content []byte) []byte {
	b := appendDouble(nil, eventWallTime, wallTime)
	if step != 0 {
		b = appendInt(b, eventStep, step)
	}
	return appendBytes(b, field, content)
}

// summary returns the event of values of a step.
func summary(wallTime float64, step int64, values []Value) []byte {
	var b []byte
	for _, v := range values {
		b = appendBytes(b, summaryValue, v.encoded)
	}
	return event(wallTime, step, eventSummary, b)
}
