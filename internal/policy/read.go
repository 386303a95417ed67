package policy

import (
	"bytes"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// What a file may be at most: a pack is read by people, and by us in no time.
const (
	maxFile     = 256 << 10
	maxLines    = 5000 // the YAML parser takes the square of them
	maxLine     = 4000
	maxIndent   = 200 // of spaces and dashes before the text of a line
	maxDepth    = 32
	maxNodes    = 50_000 // with what aliases repeat
	maxProblems = 200
)

// place is a line and a column, from 1.
type place struct{ line, column int }

// reading is a file while it is read: what is wrong so far, and where each part
// stands ("clauses[3].title").
type reading struct {
	file    string
	lines   []string
	places  map[string]place
	anchors map[string]ast.Node
	left    int
	found   []Problem
}

func newReading(file string, data []byte) *reading {
	return &reading{file: file, lines: strings.Split(string(data), "\n"), places: map[string]place{},
		anchors: map[string]ast.Node{}, left: maxNodes}
}

// wrong notes a problem.
func (r *reading) wrong(at place, key string, args ...any) {
	if len(r.found) == maxProblems {
		return
	}
	at.line, at.column = max(at.line, 1), max(at.column, 1)
	p := Problem{File: r.file, Line: at.line, Column: at.column, Key: key, Args: args}
	if at.line <= len(r.lines) {
		p.Excerpt, p.Mark = excerpt(strings.TrimRight(r.lines[at.line-1], "\r"), at.column)
	}
	r.found = append(r.found, p)
}

// at is where a part stands, or what it would stand in.
func (r *reading) at(path string) place {
	for path != "" {
		if p, ok := r.places[path]; ok {
			return p
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return place{1, 1}
}

// sorted are the problems in the order of the lines.
func (r *reading) sorted() []Problem {
	slices.SortStableFunc(r.found, func(a, b Problem) int {
		if a.Line != b.Line {
			return a.Line - b.Line
		}
		return a.Column - b.Column
	})
	return r.found
}

// read fills a struct from YAML by the yaml tags of its fields, strictly. It
// answers whether the file could be read at all.
func (r *reading) read(data []byte, into any) bool {
	if !r.readable(data) {
		return false
	}
	doc, err := parseYAML(data)
	if err != nil {
		r.unreadable(err)
		return false
	}
	if len(doc.Docs) > 1 {
		r.wrong(placeOf(doc.Docs[1].Body), "policy.pack_documents")
		return false
	}
	if len(doc.Docs) == 1 && doc.Docs[0].Body != nil {
		r.fill("", doc.Docs[0].Body, reflect.ValueOf(into).Elem(), 0)
	}
	return true
}

// readable refuses what a YAML reader would choke on, before it does.
func (r *reading) readable(data []byte) bool {
	if len(data) > maxFile {
		r.lines = nil // not worth showing
		r.wrong(place{}, "policy.pack_large", maxFile>>10)
		return false
	}
	if len(r.lines) > maxLines {
		r.wrong(place{maxLines, 1}, "policy.pack_lines", maxLines)
		return false
	}
	depth := 0
	for i, line := range r.lines {
		n := i + 1
		if !utf8.ValidString(line) {
			before, _, _ := strings.Cut(strings.ToValidUTF8(line, "\x00"), "\x00")
			r.wrong(place{n, utf8.RuneCountInString(before) + 1}, "policy.pack_encoding")
			return false
		}
		indent := line[:len(line)-len(strings.TrimLeft(line, " \t"))]
		if tab := strings.IndexByte(indent, '\t'); tab >= 0 && strings.TrimSpace(line) != "" {
			r.wrong(place{n, tab + 1}, "policy.pack_tab")
			return false
		}
		if len(line) > maxLine {
			r.wrong(place{n, 1}, "policy.pack_long", maxLine)
			return false
		}
		if len(line)-len(strings.TrimLeft(line, " -?:")) > maxIndent {
			r.wrong(place{n, maxIndent}, "policy.pack_deep")
			return false
		}
		depth = max(0, depth+strings.Count(line, "[")+strings.Count(line, "{")-strings.Count(line, "]")-strings.Count(line, "}"))
		if depth > maxDepth {
			r.wrong(place{n, 1}, "policy.pack_deep")
			return false
		}
	}
	return true
}

// parseYAML reads the file as YAML; a parser that breaks on a stranger's file
// has not read it.
func parseYAML(data []byte) (f *ast.File, err error) {
	defer func() {
		if recover() != nil {
			f, err = nil, errors.New("not YAML")
		}
	}()
	return parser.ParseBytes(bytes.TrimPrefix(data, []byte("\ufeff")), 0, parser.AllowDuplicateMapKey())
}

// unreadable says where the file stops being YAML.
func (r *reading) unreadable(err error) {
	var at yaml.Error
	if !errors.As(err, &at) || at.GetToken() == nil || at.GetToken().Position == nil {
		r.wrong(place{}, "policy.pack_syntax", err.Error())
		return
	}
	pos := at.GetToken().Position
	r.wrong(place{pos.Line, pos.Column}, "policy.pack_syntax", at.GetMessage())
}

// placeOf is where a node begins: a block at its first key.
func placeOf(n ast.Node) place {
	switch n := n.(type) {
	case nil:
		return place{}
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return placeAt(n.Values[0].Key.GetToken())
		}
		return placeAt(n.Start)
	case *ast.MappingValueNode:
		return placeAt(n.Key.GetToken())
	default:
		return placeAt(n.GetToken())
	}
}

func placeAt(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{}
	}
	return place{t.Position.Line, t.Position.Column}
}

// fill puts a node in a value, and notes where it stands.
func (r *reading) fill(path string, n ast.Node, v reflect.Value, depth int) {
	if r.left--; r.left <= 0 || depth > maxDepth {
		if r.left == 0 || depth > maxDepth {
			r.wrong(placeOf(n), "policy.pack_deep")
		}
		return
	}
	switch n := n.(type) {
	case nil, *ast.NullNode, *ast.CommentGroupNode:
		return
	case *ast.AnchorNode:
		r.anchors[n.Name.GetToken().Value] = n.Value
		r.fill(path, n.Value, v, depth+1)
		return
	case *ast.AliasNode:
		name := n.Value.GetToken().Value
		if r.anchors[name] == nil {
			r.wrong(placeOf(n), "policy.pack_alias", name)
			return
		}
		r.fill(path, r.anchors[name], v, depth+1)
		return
	}
	r.places[path] = placeOf(n)
	switch v.Kind() {
	case reflect.Struct:
		r.fillStruct(path, n, v, depth)
	case reflect.Slice:
		r.fillList(path, n, v, depth)
	case reflect.String:
		r.fillText(n, v)
	case reflect.Bool:
		b, ok := n.(*ast.BoolNode)
		if !ok {
			r.wrong(placeOf(n), "policy.pack_want_bool")
			return
		}
		v.SetBool(b.Value)
	case reflect.Int:
		i, err := strconv.Atoi(n.GetToken().Value)
		if _, ok := n.(*ast.IntegerNode); !ok || err != nil {
			r.wrong(placeOf(n), "policy.pack_want_number")
			return
		}
		v.SetInt(int64(i))
	}
}

func (r *reading) fillText(n ast.Node, v reflect.Value) {
	switch n := n.(type) {
	case *ast.LiteralNode:
		v.SetString(n.Value.Value)
	case *ast.StringNode:
		v.SetString(n.Value)
	case ast.ScalarNode: // 1, 2023 or true, meant as text
		v.SetString(n.GetToken().Value)
	default:
		r.wrong(placeOf(n), "policy.pack_want_text")
	}
}

func (r *reading) fillList(path string, n ast.Node, v reflect.Value, depth int) {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		r.wrong(placeOf(n), "policy.pack_want_list")
		return
	}
	made := reflect.MakeSlice(v.Type(), len(list.Values), len(list.Values))
	for i, each := range list.Values {
		r.fill(path+"["+strconv.Itoa(i)+"]", each, made.Index(i), depth+1)
	}
	v.Set(made)
}

func (r *reading) fillStruct(path string, n ast.Node, v reflect.Value, depth int) {
	m, ok := n.(ast.MapNode)
	if !ok {
		r.wrong(placeOf(n), "policy.pack_want_keys")
		return
	}
	fields, seen := fieldsOf(v), map[string]bool{}
	for it := m.MapRange(); it.Next(); {
		key := it.Key().GetToken()
		field, known := fields[key.Value]
		switch {
		case !known:
			r.wrong(placeAt(key), "policy.pack_key", key.Value)
		case seen[key.Value]:
			r.wrong(placeAt(key), "policy.pack_key_twice", key.Value)
		default:
			at := key.Value
			if path != "" {
				at = path + "." + key.Value
			}
			r.places[at] = placeAt(key)
			r.fill(at, it.Value(), field, depth+1)
		}
		seen[key.Value] = true
	}
}

// fieldsOf finds the fields of a struct by the keys of the file.
func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		name, rest, _ := strings.Cut(v.Type().Field(i).Tag.Get("yaml"), ",")
		switch {
		case rest == "inline":
			for name, field := range fieldsOf(v.Field(i)) {
				if _, shadowed := fields[name]; !shadowed {
					fields[name] = field
				}
			}
		case name != "" && name != "-":
			fields[name] = v.Field(i)
		}
	}
	return fields
}
