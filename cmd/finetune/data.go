package main

// dataCommand is `finetune data`.
type dataCommand struct {
	Prepare dataPrepareCommand `cmd:"" help:"Filter, deduplicate, shuffle and split records."`
}
