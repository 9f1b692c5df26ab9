package main

// dataCommand is `finetune data`.
type dataCommand struct {
	Inspect  dataInspectCommand  `cmd:"" help:"Show rows with their tokens and targets, and count what is likely to be wrong."`
	Prepare  dataPrepareCommand  `cmd:"" help:"Filter, deduplicate, shuffle and split records."`
	Generate dataGenerateCommand `cmd:"" help:"Answer prompts by a model or a server, and keep the good answers to learn from."`
}
