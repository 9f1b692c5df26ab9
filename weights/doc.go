// Package weights opens and saves the tensors of models: safetensors, whole or in shards, PyTorch's files, and GGUF, each as a
// Source that parameters are loaded from by name. A model of one's own saves and loads by it:
//
//	err := weights.Save("model.safetensors", params.All(), weights.SaveConfig{})
//	…
//	source, err := weights.Open("model.safetensors")
//	defer source.Close()
//	params := graph.LoadParams(tensor.Float32, source)
//	model := NewModel(config, params) // the same call that made it
//	err = params.Err()                // names every missing, extra and misshapen tensor
package weights
