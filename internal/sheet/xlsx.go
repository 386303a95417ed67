package sheet

import (
	"bytes"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"

	"aval/internal/fault"
)

// maxUnpacked bounds what a small file may unfold to.
const maxUnpacked = 64 << 20

func readXLSX(data []byte) (t Table, err error) {
	// Raw cells: a number is as it was kept, not as a format shows it.
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked})
	if err != nil {
		return t, fault.New(fault.Invalid, "sheet.not_a_table")
	}
	defer func() { _ = f.Close() }() // only read
	sheets := f.GetSheetList()
	if len(sheets) == 0 {
		return t, fault.New(fault.Invalid, "sheet.empty")
	}
	lines, err := f.Rows(sheets[0])
	if err != nil {
		return t, fault.New(fault.Invalid, "sheet.not_a_table")
	}
	defer func() { _ = lines.Close() }() // only read
	var rows [][]string
	for lines.Next() {
		cells, err := lines.Columns()
		if err != nil {
			return t, fault.New(fault.Invalid, "sheet.not_a_table")
		}
		if rows, err = kept(rows, cells); err != nil {
			return t, err
		}
	}
	t.Format = XLSX
	return t, t.take(rows)
}

func (t Table) writeXLSX(w io.Writer) (err error) {
	f := excelize.NewFile()
	defer func() { _ = f.Close() }() // in memory
	s, err := f.NewStreamWriter("Sheet1")
	if err != nil {
		return fmt.Errorf("write sheet: %w", err)
	}
	for i, cells := range t.lines() {
		row := make([]any, len(cells))
		for j, cell := range cells {
			row[j] = cell // a text: a spreadsheet computes none of it
		}
		if err := s.SetRow(fmt.Sprintf("A%d", i+1), row); err != nil {
			return fmt.Errorf("write row: %w", err)
		}
	}
	if err := s.Flush(); err != nil {
		return fmt.Errorf("write sheet: %w", err)
	}
	return f.Write(w)
}

// Write writes a table in its format, each cell harmless.
func (t Table) Write(w io.Writer) error {
	if t.Format == XLSX {
		return t.writeXLSX(w)
	}
	return t.writeCSV(w)
}

// lines are the header and the rows, each cell harmless.
func (t Table) lines() [][]string {
	lines := make([][]string, 0, len(t.Rows)+1)
	for _, cells := range append([][]string{t.Header}, t.Rows...) {
		safe := make([]string, len(cells))
		for i, cell := range cells {
			safe[i] = Harmless(cell)
		}
		lines = append(lines, safe)
	}
	return lines
}
