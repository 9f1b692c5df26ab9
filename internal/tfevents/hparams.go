package tfevents

import (
	"math"
	"strconv"

	"google.golang.org/protobuf/encoding/protowire"
)

// Numbers of fields of the hparams plugin's protocol buffers, and of google.protobuf.Value.
const (
	hparamsExperiment = 2
	hparamsStart      = 3
	hparamsEnd        = 4

	experimentParams  = 4
	experimentMetrics = 5
	infoName          = 1
	infoType          = 4
	metricName        = 1
	metricTag         = 2

	startParams = 1
	startTime   = 5
	endStatus   = 1
	endTime     = 2
	mapKey      = 1
	mapValue    = 2

	wellNumber = 2
	wellString = 3
	wellBool   = 4

	typeText   = 1
	typeBool   = 2
	typeNumber = 3
)

// A Param is a setting of a run. Values that look like numbers or true and false are shown as such.
type Param struct{ Name, Value string }

// encode returns the parameter as a google.protobuf.Value, and its type.
func (p Param) encode() (value []byte, kind int64) {
	if v, err := strconv.ParseFloat(p.Value, 64); err == nil && !math.IsInf(v, 0) && !math.IsNaN(v) {
		return appendDouble(nil, wellNumber, v), typeNumber
	}
	switch p.Value {
	case "true":
		return appendInt(nil, wellBool, 1), typeBool
	case "false":
		return appendInt(nil, wellBool, 0), typeBool
	}
	return appendBytes(nil, wellString, []byte(p.Value)), typeText
}

// hparams returns a value of the plugin.
func hparams(tag string, field protowire.Number, content []byte) Value {
	b := appendBytes(nil, field, content) // of version 0, the default
	return Value{appendBytes(appendTag(nil, tag), valueMetadata, metadata("hparams", b))}
}

// Experiment says which parameters and scalars there are.
func Experiment(params []Param, metrics []string) Value {
	var b []byte
	for _, p := range params {
		_, kind := p.encode()
		info := appendBytes(nil, infoName, []byte(p.Name))
		b = appendBytes(b, experimentParams, appendInt(info, infoType, kind))
	}
	for _, m := range metrics {
		name := appendBytes(nil, metricTag, []byte(m))
		b = appendBytes(b, experimentMetrics, appendBytes(nil, metricName, name))
	}
	return hparams("_hparams_/experiment", hparamsExperiment, b)
}

// SessionStart has the parameters of a run that begins, at a time in seconds since 1970.
func SessionStart(params []Param, time float64) Value {
	var b []byte
	for _, p := range params {
		value, _ := p.encode()
		pair := appendBytes(nil, mapKey, []byte(p.Name))
		b = appendBytes(b, startParams, appendBytes(pair, mapValue, value))
	}
	return hparams("_hparams_/session_start_info", hparamsStart, appendDouble(b, startTime, time))
}

// Statuses of a run at its end.
const (
	Succeeded = 1
	Failed    = 2
)

// SessionEnd says how a run ended, at a time in seconds since 1970.
func SessionEnd(status int64, time float64) Value {
	b := appendInt(nil, endStatus, status)
	return hparams("_hparams_/session_end_info", hparamsEnd, appendDouble(b, endTime, time))
}
