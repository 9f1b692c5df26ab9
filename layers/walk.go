package layers

import (
	"reflect"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
)

// Find returns the layers of type M in a model, such as Find[Linear], in the order of its fields and each once. The model is
// whatever holds layers, a pointer to a struct as a rule: fields, exported or not, slices, arrays, maps, interfaces and embedded
// structs are looked into, and layers inside of layers. Linear, Embedding and Norm tell their names.
func Find[M any](model any) []*M {
	w := walker[M]{seen: map[visit]bool{}}
	w.walk(reflect.ValueOf(model))
	return w.found
}

type walker[M any] struct {
	found []*M
	seen  map[visit]bool
}

// visit is a pointer that was followed. A struct and its first field have one address.
type visit struct {
	at  uintptr
	typ reflect.Type
}

func (w *walker[M]) walk(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() || !mayHoldLayers(v.Type().Elem()) {
			return
		}
		at := visit{v.Pointer(), v.Type()}
		if w.seen[at] {
			return
		}
		w.seen[at] = true
		if v.Type() == reflect.TypeFor[*M]() {
			w.found = append(w.found, (*M)(v.UnsafePointer()))
		}
		w.walk(v.Elem())
	case reflect.Interface:
		if !v.IsNil() {
			w.walk(v.Elem())
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[M]() && v.CanAddr() {
			if at := (visit{v.UnsafeAddr(), reflect.TypeFor[*M]()}); !w.seen[at] {
				w.seen[at] = true
				w.found = append(w.found, (*M)(v.Addr().UnsafePointer()))
			}
		}
		for i := range v.NumField() {
			w.walk(v.Field(i))
		}
	case reflect.Slice, reflect.Array:
		if mayHoldLayers(v.Type().Elem()) {
			for i := range v.Len() {
				w.walk(v.Index(i))
			}
		}
	case reflect.Map:
		if mayHoldLayers(v.Type().Elem()) {
			for it := v.MapRange(); it.Next(); {
				w.walk(it.Value())
			}
		}
	}
}

// graphPackage is the path of the package that parameters and traces come from.
var graphPackage = reflect.TypeFor[graph.Param]().PkgPath()

// mayHoldLayers leaves out what has no layers: numbers and texts, and whatever belongs to parameters and traces.
func mayHoldLayers(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return mayHoldLayers(t.Elem())
	case reflect.Struct:
		path := t.PkgPath()
		return path != graphPackage && !strings.HasPrefix(path, "gorgonia.org/") && path != "reflect" && path != "sync"
	}
	return t.Kind() == reflect.Interface
}
