package main

import "github.com/seahorse-ml/seahorse/models"

// modelFolder makes of a directory that sentence-transformers saved the folder in it that holds the model, beside which its tokenizer
// is. Other paths stay, whatever they are; what is wrong with them is told where they are opened.
func modelFolder(path *string) error {
	if folder, err := models.Folder(*path); err == nil {
		*path = folder
	}
	return nil
}

// AfterApply finds the model's folder, before the command runs.
func (c *benchCommand) AfterApply() error { return modelFolder(&c.Init) }

// AfterApply finds the model's folder, before the command runs.
func (c *classifyCommand) AfterApply() error { return modelFolder(&c.Model) }

// AfterApply finds the model's folder, before the command runs.
func (c *dataInspectCommand) AfterApply() error { return modelFolder(&c.Model) }

// AfterApply finds the model's folder, before the command runs.
func (c *evalCommand) AfterApply() error { return modelFolder(&c.Model) }

// AfterApply finds the model's folder, before the command runs.
func (c *exportCommand) AfterApply() error { return modelFolder(&c.Model) }

// AfterApply finds the model's folder, before the command runs.
func (c *generateCommand) AfterApply() error { return modelFolder(&c.Model) }

// AfterApply finds the model's folder, before the command runs.
func (c *infoCommand) AfterApply() error { return modelFolder(&c.Dir) }

// AfterApply finds the model's folder, before the command runs.
func (c *mergeCommand) AfterApply() error { return modelFolder(&c.Model) }

// AfterApply finds the model's folder, before the command runs.
func (c *sftCommand) AfterApply() error { return modelFolder(&c.Model) }
