package roster

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"aval/internal/fault"
)

// member is one file of a set.
type member struct {
	size, packed int64 // as declared; packed is zero in a folder
	open         func() (io.ReadCloser, error)
}

// pack is an opened set: its members by their true names.
type pack struct {
	limits  Limits
	members map[string]member
	names   map[string]bool // of all members, in lower case
	notes   *notes
	left    int64 // bytes that may still be unpacked
	rows    int   // that may still be read
	met     int   // that were
	close   func() error
}

// openPack opens a zip, a folder, or the one zip of a folder that holds no CSV, and
// refuses what is unsafe before anything is read.
func openPack(name string, l Limits, n *notes) (*pack, error) {
	info, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.New(fault.Invalid, "roster.set_not_found")
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "roster.set_unreadable")
	}
	if info.IsDir() {
		alone := soleZip(name)
		if alone == nil {
			return openFolder(name, l, n)
		}
		name, info = filepath.Join(name, alone.Name()), alone
	}
	f, err := os.Open(name) //nolint:gosec // the path comes from the operator or from our own upload folder
	if err != nil {
		return nil, fault.New(fault.Invalid, "roster.set_unreadable")
	}
	if !strings.HasSuffix(name, ".zip") {
		n.dirt("zip_name", "", 0, "")
	}
	p, err := openZip(f, info.Size(), l, n)
	if err != nil {
		_ = f.Close() // the refusal says more
		return nil, err
	}
	p.close = f.Close
	return p, nil
}

// soleZip is the one zip of a folder without a CSV, or nil.
func soleZip(folder string) (found fs.FileInfo) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		switch strings.ToLower(path.Ext(e.Name())) {
		case ".csv":
			return nil
		case ".zip":
			info, err := e.Info()
			if found != nil || err != nil || !info.Mode().IsRegular() {
				return nil
			}
			found = info
		}
	}
	return found
}

func openFolder(name string, l Limits, n *notes) (*pack, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fault.New(fault.Invalid, "roster.set_unreadable")
	}
	p := newPack(l, n)
	p.close = root.Close
	entries, err := fs.ReadDir(root.FS(), ".")
	if err != nil {
		_ = root.Close() // the refusal says more
		return nil, fault.New(fault.Invalid, "roster.set_unreadable")
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || !info.Mode().IsRegular() {
			n.dirt("file_unknown", "", 0, "")
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

func openZip(r io.ReaderAt, size int64, l Limits, n *notes) (*pack, error) {
	bounded := &boundedAt{ReaderAt: r, left: maxDirectory, bound: true}
	z, err := zip.NewReader(bounded, size)
	bounded.bound = false
	if errors.Is(err, errTooLarge) {
		return nil, fault.New(fault.Invalid, "roster.set_too_large")
	}
	if errors.Is(err, zip.ErrInsecurePath) {
		return nil, fault.New(fault.Invalid, "roster.set_unsafe")
	}
	if err != nil {
		return nil, fault.New(fault.Invalid, "roster.set_unreadable")
	}
	if len(z.File) > l.Members {
		return nil, fault.New(fault.Invalid, "roster.set_too_large")
	}
	p := newPack(l, n)
	names := make([]string, 0, len(z.File))
	for _, f := range z.File {
		if err := checkMember(f, l); err != nil {
			return nil, err
		}
		if !strings.HasSuffix(f.Name, "/") {
			names = append(names, f.Name)
		}
	}
	folder := commonFolder(names)
	if folder != "" {
		n.dirt("folder_in_zip", "", 0, "")
	}
	for _, f := range z.File {
		if strings.HasSuffix(f.Name, "/") {
			continue
		}
		m := member{size: int64(f.UncompressedSize64), packed: max(int64(f.CompressedSize64), 1), open: f.Open} //nolint:gosec // checkMember bounds both
		if err := p.add(strings.TrimPrefix(f.Name, folder), m); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// checkMember refuses a name that climbs, a size or a ratio beyond the limits,
// and what a OneRoster zip never holds: links, encryption, exotic packing.
func checkMember(f *zip.File, l Limits) error {
	switch {
	case f.Name == "" || strings.ContainsAny(f.Name, "\\\x00") || strings.Contains(f.Name, ":") ||
		path.IsAbs(f.Name) || slices.Contains(strings.Split(f.Name, "/"), ".."):
		return fault.New(fault.Invalid, "roster.set_unsafe")
	case f.Mode()&fs.ModeType&^fs.ModeDir != 0, f.Flags&1 != 0, f.Method != zip.Store && f.Method != zip.Deflate:
		return fault.New(fault.Invalid, "roster.set_unsafe")
	case f.UncompressedSize64 > uint64(l.Member), f.CompressedSize64 > uint64(l.Member): //nolint:gosec // a limit is not negative
		return fault.New(fault.Invalid, "roster.set_too_large")
	case f.UncompressedSize64 > smallMember && f.UncompressedSize64/max(f.CompressedSize64, 1) > uint64(l.Ratio): //nolint:gosec // as above
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

// boundedAt bounds how much is read of the list at the end of a zip, which is
// held in memory and of which the zip itself says how long it is.
type boundedAt struct {
	io.ReaderAt
	left  int
	bound bool
}

const maxDirectory = 1 << 20

var errTooLarge = errors.New("too large")

func (b *boundedAt) ReadAt(p []byte, at int64) (int, error) {
	if b.bound {
		if b.left -= len(p); b.left < 0 {
			return 0, errTooLarge
		}
	}
	return b.ReaderAt.ReadAt(p, at)
}

func newPack(l Limits, n *notes) *pack {
	return &pack{limits: l, members: map[string]member{}, names: map[string]bool{}, notes: n, left: l.Total, rows: l.Rows,
		close: func() error { return nil }}
}

// add files a member under its true name, whatever its case.
func (p *pack) add(name string, m member) error {
	lower := strings.ToLower(name)
	file, known := fileNames[lower]
	if p.names[lower] {
		if !known {
			return fault.New(fault.Invalid, "roster.name_twice")
		}
		return fault.New(fault.Invalid, "roster.file_twice", file+".csv")
	}
	p.names[lower] = true
	if len(p.names) > p.limits.Members {
		return fault.New(fault.Invalid, "roster.set_too_large")
	}
	if !known {
		p.notes.dirt("file_unknown", "", 0, "")
		return nil
	}
	if m.size > p.limits.Member {
		return fault.New(fault.Invalid, "roster.set_too_large")
	}
	if name != file+".csv" {
		p.notes.dirt("file_name_case", file+".csv", 0, "")
	}
	p.members[file] = m
	return nil
}

// open begins to unpack a member. What it gives is bounded while it is read.
func (p *pack) open(file string) (io.ReadCloser, error) {
	m := p.members[file]
	r, err := m.open()
	if err != nil {
		return nil, fault.New(fault.Invalid, "roster.file_unreadable", file+".csv")
	}
	return &stream{file: file, pack: p, member: m, from: r}, nil
}

// stream is a member on its way in.
type stream struct {
	file   string
	pack   *pack
	member member
	from   io.ReadCloser
	got    int64
}

func (s *stream) Read(b []byte) (int, error) {
	n, err := s.from.Read(b)
	s.got += int64(n)
	s.pack.left -= int64(n)
	l := s.pack.limits
	if s.got > l.Member || s.pack.left < 0 || s.member.packed > 0 && s.got > smallMember && s.got/s.member.packed > l.Ratio {
		return 0, fault.New(fault.Invalid, "roster.set_too_large")
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, fault.New(fault.Invalid, "roster.file_unreadable", s.file+".csv")
	}
	return n, err
}

func (s *stream) Close() error { return s.from.Close() }

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
