package main

import (
	"errors"
	"fmt"

	"github.com/seahorse-ml/seahorse/models"
)

// storageFlags say how the matrices of a model are kept that is only read.
type storageFlags struct {
	DType      string `name:"dtype" enum:",float32,bfloat16" default:"" placeholder:"float32|bfloat16" help:"Keep matrices as floats of 32 bits, or rounded to bfloat16 in half of the memory; what is computed stays float32. Default: those of a model that is only read as they lie in a GGUF file, others as float32."`
	LoadIn8bit bool   `name:"load-in-8bit" help:"Keep matrices as blocks of 8 bits (Q8_0), in a quarter of the memory. Those of a GGUF file stay as they lie."`
	LoadIn4bit bool   `name:"load-in-4bit" help:"Keep matrices as blocks of 4 bits (Q4_K, or Q5_0 where 256 doesn't divide the rows; tables of embeddings and heads as Q8_0). Those of a GGUF file stay as they lie."`
}

// set returns the flag that asks for less than 32 bits, or "".
func (f storageFlags) set() string {
	switch {
	case f.LoadIn8bit:
		return "--load-in-8bit"
	case f.LoadIn4bit:
		return "--load-in-4bit"
	case f.DType == "bfloat16":
		return "--dtype bfloat16"
	}
	return ""
}

// checkPacked refuses to keep a model in few bits that is trained itself.
func (f storageFlags) checkPacked(adapter bool) error {
	if _, err := f.storage(""); err != nil {
		return err
	}
	if flag := f.set(); flag != "" && !adapter {
		return fmt.Errorf("%s is for models that aren't trained themselves; train an adapter by --use-peft", flag)
	}
	return nil
}

// frozenStorage returns how the frozen matrices of a model are kept whose adapter is trained: as floats, unless a flag says otherwise.
func (f storageFlags) frozenStorage() (models.Storage, error) { return f.storage("") }

// storage returns how the matrices of a model are kept that is only read: those of a GGUF file as they lie, which computes the same bits as their floats.
func (f storageFlags) storage(path string) (models.Storage, error) {
	switch {
	case f.LoadIn8bit && f.LoadIn4bit:
		return "", errors.New("--load-in-8bit and --load-in-4bit exclude each other")
	case f.DType != "" && (f.LoadIn8bit || f.LoadIn4bit):
		return "", fmt.Errorf("--dtype and %s exclude each other", f.set())
	case f.LoadIn8bit:
		return models.EightBitStorage, nil
	case f.LoadIn4bit:
		return models.FourBitStorage, nil
	case f.DType == "bfloat16":
		return models.BFloat16Storage, nil
	case f.DType == "" && models.IsGGUF(path):
		return models.StoredStorage, nil
	}
	return models.FloatStorage, nil
}

// lighter returns the flags with 4 bits.
func (f storageFlags) lighter(fourBit bool) storageFlags {
	if fourBit {
		return storageFlags{LoadIn4bit: true}
	}
	return f
}
