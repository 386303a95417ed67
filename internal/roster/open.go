package roster

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"aval/internal/fault"
)

// Limits of what we open: the largest set of a province's board stays far below.
const (
	maxMembers  = 64
	maxMember   = 256 << 20 // one file, unpacked
	maxTotal    = 512 << 20 // the whole set, unpacked
	maxRatio    = 200       // unpacked to packed, above smallMember
	smallMember = 1 << 20
)

// member is one file of a set.
type member struct {
	size int64
	open func() (io.ReadCloser, error)
}

// pack is an opened set: its members by their true names.
type pack struct {
	members map[string]member
	notes   *notes
	left    int64 // bytes that may still be unpacked
	close   func() error
}

// openPack opens a zip or a folder and refuses what is unsafe before anything is read.
func openPack(name string, n *notes) (*pack, error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Invalid, "roster.set_not_found")
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "roster.set_unreadable")
	}
	if info.IsDir() {
		return openFolder(name, n)
	}
	f, err := os.Open(name) //nolint:gosec // the path comes from the operator or from our own upload folder
	if err != nil {
		return nil, fault.New(fault.Invalid, "roster.set_unreadable")
	}
	p, err := openZip(f, info.Size(), n)
	if err != nil {
		_ = f.Close() // the refusal says more
		return nil, err
	}
	p.close = f.Close
	return p, nil
}

func openFolder(name string, n *notes) (*pack, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fault.New(fault.Invalid, "roster.set_unreadable")
	}
	p := newPack(n)
	p.close = root.Close
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		_ = root.Close() // the refusal says more
		return nil, fault.New(fault.Invalid, "roster.set_unreadable")
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			n.warn("file_unknown")
			continue
		}
		m := member{size: info.Size(), open: func() (io.ReadCloser, error) { return root.Open(e.Name()) }}
		if err := p.add(e.Name(), m); err != nil {
			_ = root.Close() // the refusal says more
			return nil, err
		}
	}
	return p, nil
}

func openZip(r io.ReaderAt, size int64, n *notes) (*pack, error) {
	z, err := zip.NewReader(r, size)
	if errors.Is(err, zip.ErrInsecurePath) {
		return nil, fault.New(fault.Invalid, "roster.set_unsafe")
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "roster.set_unreadable")
	}
	if len(z.File) > maxMembers {
		return nil, fault.New(fault.Invalid, "roster.set_too_large")
	}
	p := newPack(n)
	names := make([]string, 0, len(z.File))
	for _, f := range z.File {
		if err := checkMember(f); err != nil {
			return nil, err
		}
		if !strings.HasSuffix(f.Name, "/") {
			names = append(names, f.Name)
		}
	}
	folder := commonFolder(names)
	if folder != "" {
		n.warn("folder_in_zip")
	}
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		m := member{size: int64(f.UncompressedSize64), open: f.Open} //nolint:gosec // checkMember bounds it
		if err := p.add(strings.TrimPrefix(f.Name, folder), m); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// checkMember refuses a name that climbs, a size or a ratio beyond the limits,
// and what a OneRoster zip never holds: links, encryption, exotic packing.
func checkMember(f *zip.File) error {
	switch {
	case f.Name == "" || strings.ContainsAny(f.Name, "\\\x00") || strings.Contains(f.Name, ":") ||
		path.IsAbs(f.Name) || slices.Contains(strings.Split(f.Name, "/"), ".."):
		return fault.New(fault.Invalid, "roster.set_unsafe")
	case f.Mode()&fs.ModeType&^fs.ModeDir != 0, f.Flags&1 != 0, f.Method != zip.Store && f.Method != zip.Deflate:
		return fault.New(fault.Invalid, "roster.set_unsafe")
	case f.UncompressedSize64 > maxMember:
		return fault.New(fault.Invalid, "roster.set_too_large")
	case f.UncompressedSize64 > smallMember && f.UncompressedSize64/max(f.CompressedSize64, 1) > maxRatio:
		return fault.New(fault.Invalid, "roster.set_too_large")
	}
	return nil
}

// commonFolder is the one folder in which someone zipped the whole set, or nothing.
func commonFolder(names []string) string {
	folder := ""
	for _, name := range names {
		if strings.HasPrefix(name, "__MACOSX/") {
			continue
		}
		at := strings.IndexByte(name, '/')
		if at < 0 || folder != "" && name[:at+1] != folder {
			return ""
		}
		folder = name[:at+1]
	}
	return folder
}

func newPack(n *notes) *pack {
	return &pack{members: map[string]member{}, notes: n, left: maxTotal, close: func() error { return nil }}
}

// add files a member under its true name, whatever its case.
func (p *pack) add(name string, m member) error {
	file, known := fileNames[strings.ToLower(name)]
	if !known {
		p.notes.warn("file_unknown")
		return nil
	}
	if m.size > maxMember {
		return fault.New(fault.Invalid, "roster.set_too_large")
	}
	if _, twice := p.members[file]; twice {
		return fault.New(fault.Invalid, "roster.file_twice", file+".csv")
	}
	if name != file+".csv" {
		p.notes.warn("file_name_case")
	}
	p.members[file] = m
	return nil
}

// read unpacks a member, trusting no declared size.
func (p *pack) read(file string) ([]byte, error) {
	r, err := p.members[file].open()
	if err != nil {
		return nil, fault.New(fault.Invalid, "roster.file_unreadable", file+".csv")
	}
	limit := min(p.left, maxMember)
	data, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, fault.New(fault.Invalid, "roster.file_unreadable", file+".csv")
	}
	if int64(len(data)) > limit {
		return nil, fault.New(fault.Invalid, "roster.set_too_large")
	}
	p.left -= int64(len(data))
	return data, nil
}

// has tells whether a file of the set is there.
func (p *pack) has(file string) bool {
	_, ok := p.members[file]
	return ok
}

// done closes what was opened.
func (p *pack) done() error {
	if err := p.close(); err != nil {
		return fmt.Errorf("close the roster's set: %w", err)
	}
	return nil
}
