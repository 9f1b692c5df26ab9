package task

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/gguf"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/weights"
)

// peftConfig is what a GGUF file of an adapter needs of adapter_config.json.
type peftConfig struct {
	Type         string             `json:"peft_type"`
	Rank         int                `json:"r"`
	Alpha        float64            `json:"lora_alpha"`
	RankPattern  map[string]int     `json:"rank_pattern"`
	AlphaPattern map[string]float64 `json:"alpha_pattern"`
	RSLoRA       bool               `json:"use_rslora"`
	DoRA         bool               `json:"use_dora"`
}

// scale returns what the product of a module's matrices of a rank is multiplied by.
func (p peftConfig) scale(module string, rank int) (float64, error) {
	alpha := p.Alpha
	for pattern, value := range p.AlphaPattern {
		is, err := regexp.MatchString(`(^|.*\.)(`+pattern+`)$`, module)
		if err != nil {
			return 0, fmt.Errorf("alpha_pattern: %w", err)
		}
		if is {
			alpha = value
		}
	}
	if p.RSLoRA {
		return alpha / math.Sqrt(float64(rank)), nil
	}
	return alpha / float64(rank), nil
}

// lora writes an adapter as llama.cpp reads it, and reads the file back.
func (c ExportConfig) lora(r *ExportReport) error {
	switch {
	case c.Adapter == "":
		return fmt.Errorf("task: export: %s needs an adapter", ExportGGUFLoRA)
	case c.Quantize != "" && c.Quantize != "f32":
		return fmt.Errorf("task: export: %s is written in float32", ExportGGUFLoRA)
	case models.IsGGUF(c.Adapter):
		return fmt.Errorf("task: export: the adapter %s is a GGUF file already", c.Adapter)
	}
	var p peftConfig
	data, err := os.ReadFile(filepath.Join(c.Adapter, "adapter_config.json"))
	if err == nil {
		err = json.Unmarshal(data, &p)
	}
	switch {
	case err != nil:
		return fmt.Errorf("task: export: %s: %w", c.Adapter, err)
	case p.Type != "LORA":
		return fmt.Errorf("task: export: %s holds an adapter of the type %q; llama.cpp knows LORA", c.Adapter, p.Type)
	case p.DoRA:
		return errors.New("task: export: llama.cpp doesn't know DoRA; merge the adapter (finetune merge, or --format gguf)")
	case p.Alpha <= 0:
		return fmt.Errorf("task: export: lora_alpha is %g, expected it to be positive", p.Alpha)
	}
	source, err := weights.Open(filepath.Join(c.Adapter, "adapter_model.safetensors"))
	if err != nil {
		return err
	}
	defer source.Close()
	var adapters []models.LoRA
	for _, name := range source.Names() {
		weight, isA := models.WeightOf(name, ".lora_A.weight")
		_, isB := models.WeightOf(name, ".lora_B.weight")
		switch {
		case isB:
			continue
		case !isA:
			return fmt.Errorf("task: export: llama.cpp doesn't know the tensor %q of the adapter; merge the adapter (finetune merge, or --format gguf)", name)
		}
		shape, _ := source.Shape(name)
		scale, err := p.scale(strings.TrimSuffix(weight, ".weight"), shape[0])
		if err != nil {
			return fmt.Errorf("task: export: %s: %w", c.Adapter, err)
		}
		adapters = append(adapters, models.LoRA{Weight: weight, A: name, B: strings.TrimSuffix(name, "A.weight") + "B.weight", Scale: scale})
	}
	meta, outs, err := models.ExportLoRA(c.Model, source, adapters, p.Alpha)
	if err != nil {
		return err
	}
	if err := gguf.Write(c.Output, meta, outs); err != nil {
		return fmt.Errorf("task: export: %w", err)
	}
	f, err := gguf.Open(c.Output)
	if err == nil && len(f.Tensors) != len(outs) {
		err = fmt.Errorf("%d tensors were read back, expected %d", len(f.Tensors), len(outs))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("task: export: %w", err), os.Remove(c.Output))
	}
	r.Formats = map[string]int{"F32": len(f.Tensors)}
	if info, err := os.Stat(c.Output); err == nil {
		r.Bytes = info.Size()
	}
	return f.Close()
}
