package app

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"

	"aval/internal/board"
	"aval/internal/db"
	"aval/internal/fault"
	"aval/internal/seal"
	"aval/internal/vault"
)

func keyDir(c Config) string { return filepath.Join(c.Data, "keys") }

// openMaster reads the master key. It makes one for an installation in which no
// board has keys, as at its first start, and refuses (Conflict) where one has:
// the key was lost or is elsewhere, and another would open nothing.
func openMaster(ctx context.Context, c Config, d *db.DB) (seal.Master, error) {
	master, err := seal.ReadMaster(keyDir(c))
	if !errors.Is(err, fs.ErrNotExist) {
		return master, err
	}
	sealed, err := anySealed(ctx, d)
	if err != nil {
		return nil, err
	}
	if sealed && c.KeyLost {
		return seal.LostMaster(), nil
	}
	if sealed {
		return nil, fault.New(fault.Conflict, "vault.master_missing", seal.MasterPath(keyDir(c)))
	}
	if master, err = seal.OpenMaster(keyDir(c)); err != nil {
		return nil, err
	}
	return master, (&vault.Service{DB: d}).Appoint(ctx, master)
}

// anySealed says that some board has keys.
func anySealed(ctx context.Context, d *db.DB) (sealed bool, err error) {
	boards, err := (&board.Service{DB: d}).List(ctx)
	for _, b := range boards {
		if err != nil || sealed {
			break
		}
		err = d.Read(ctx, b.ID, func(ctx context.Context, tx *db.Tx) (err error) {
			sealed, err = vault.Sealed(ctx, tx)
			return err
		})
	}
	return sealed, err
}
