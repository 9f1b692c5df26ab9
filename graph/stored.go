package graph

// Stored is a file of weights: which parameters it holds, under which names.
type Stored struct {
	File   string // its name in the directory
	Params []StoredParam
}

// StoredParam is a parameter under the name that it has in the file.
type StoredParam struct {
	Name  string
	Param *Param
}
