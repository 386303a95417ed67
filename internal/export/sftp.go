package export

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path"
	"strings"
	"time"

	"github.com/pkg/sftp"
	"golang.org/x/crypto/ssh"
)

// reach is how long a server may take to answer.
const reach = 15 * time.Second

// errHostKey is met where a server shows another key than the one that is pinned.
var errHostKey = errors.New("another host key")

// hostKey reads the key of a server as ssh-keyscan, known_hosts or a .pub file has it,
// and answers it in one form.
func hostKey(text string) (string, error) {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(text))
	if err != nil {
		_, after, _ := strings.Cut(strings.TrimSpace(text), " ") // the host of known_hosts
		if key, _, _, _, err = ssh.ParseAuthorizedKey([]byte(after)); err != nil {
			return "", fmt.Errorf("read host key: %w", err)
		}
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))), nil
}

// Fingerprint is the pinned key as people compare it.
func (r *Route) Fingerprint() string {
	key, _, _, _, err := ssh.ParseAuthorizedKey([]byte(r.HostKey))
	if err != nil {
		return ""
	}
	return ssh.FingerprintSHA256(key)
}

func isPrivateKey(text string) bool {
	_, err := ssh.ParsePrivateKey([]byte(text))
	return err == nil
}

// upload puts a file in the route's folder. It is written under a name of its own
// and takes its name when it is whole, so that nobody reads a part; what an attempt
// that was cut has written is gone on with. It refuses (Conflict) with the reason; of
// export.unreachable another attempt may come further.
func (r *Route) upload(ctx context.Context, secret string, m Made, file io.ReadSeeker) error {
	c, hangUp, err := r.dial(ctx, secret)
	if err != nil {
		return err
	}
	defer hangUp()
	part := path.Join(r.Folder, "."+r.Name()+"."+m.Digest[:16]+".part")
	if err := send(c, part, m.Size, file); err != nil {
		return refuse("export.upload_failed", err)
	}
	whole := path.Join(r.Folder, r.Name())
	if err := c.PosixRename(part, whole); err != nil { // not known to every server
		if err := c.Remove(whole); err != nil && !errors.Is(err, os.ErrNotExist) {
			return refuse("export.upload_failed", err)
		}
		if err := c.Rename(part, whole); err != nil {
			return refuse("export.upload_failed", err)
		}
	}
	return nil
}

// send writes what the server does not have yet. Nothing else writes under that name,
// which holds the file's own sum: what is there is its beginning.
func send(c *sftp.Client, part string, size int64, file io.ReadSeeker) (err error) {
	to, err := c.OpenFile(part, os.O_WRONLY|os.O_CREATE)
	if err != nil {
		return fmt.Errorf("open: %w", err)
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	there, err := to.Stat()
	if err != nil {
		return fmt.Errorf("stat: %w", err)
	}
	begin := there.Size()
	if begin > size {
		begin = 0
		if err := to.Truncate(0); err != nil {
			return fmt.Errorf("truncate: %w", err)
		}
	}
	if _, err := file.Seek(begin, io.SeekStart); err != nil {
		return fmt.Errorf("seek: %w", err)
	}
	if _, err := to.Seek(begin, io.SeekStart); err != nil {
		return fmt.Errorf("seek: %w", err)
	}
	if _, err := to.ReadFrom(file); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if there, err = to.Stat(); err == nil && there.Size() != size {
		err = errors.New("the server kept another size")
	}
	return err
}

// dial opens the server, if it is the one whose key is pinned.
func (r *Route) dial(ctx context.Context, secret string) (c *sftp.Client, hangUp func(), err error) {
	pinned, _, _, _, err := ssh.ParseAuthorizedKey([]byte(r.HostKey))
	if err != nil {
		return nil, nil, refuse("export.host_key_differs", err)
	}
	auth := ssh.Password(secret)
	if r.Secret == PrivateKey {
		signer, err := ssh.ParsePrivateKey([]byte(secret))
		if err != nil {
			return nil, nil, refuse("export.login_refused", err)
		}
		auth = ssh.PublicKeys(signer)
	}
	conn, err := (&net.Dialer{Timeout: reach}).DialContext(ctx, "tcp", r.at())
	if err != nil {
		return nil, nil, refuse("export.unreachable", err)
	}
	_ = conn.SetDeadline(time.Now().Add(reach)) // a connection that takes none fails below
	s, channels, requests, err := ssh.NewClientConn(conn, r.at(), &ssh.ClientConfig{
		User: r.Login, Auth: []ssh.AuthMethod{auth}, Timeout: reach, HostKeyAlgorithms: algorithms(pinned),
		HostKeyCallback: func(_ string, _ net.Addr, key ssh.PublicKey) error {
			if string(key.Marshal()) != string(pinned.Marshal()) {
				return errHostKey
			}
			return nil
		}})
	if err != nil {
		_ = conn.Close() // it was of no use
		return nil, nil, refuse(dialKey(err), err)
	}
	deadline, ok := ctx.Deadline()
	if !ok {
		deadline = time.Time{}
	}
	_ = conn.SetDeadline(deadline)       // a connection that takes none fails later
	hangUp = func() { _ = conn.Close() } // what counts was closed and looked at; it ends all above it
	if c, err = sftp.NewClient(ssh.NewClient(s, channels, requests)); err != nil {
		hangUp()
		return nil, nil, refuse("export.unreachable", err)
	}
	return c, hangUp, nil
}

// algorithms are those under which a server shows a key of this kind.
func algorithms(key ssh.PublicKey) []string {
	if key.Type() == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{key.Type()}
}

func dialKey(err error) string {
	switch {
	case errors.Is(err, errHostKey), strings.Contains(err.Error(), "no common algorithm for host key"):
		return "export.host_key_differs"
	case strings.Contains(err.Error(), "unable to authenticate"):
		return "export.login_refused"
	}
	return "export.unreachable"
}

// attempt is a try that failed, with the key of the sentence that says why.
type attempt struct {
	key string
	err error
}

// Error implements error: what a server answers is not repeated, it may hold anything.
func (a attempt) Error() string { return a.key }

func (a attempt) Unwrap() error { return a.err }

func refuse(key string, err error) error { return attempt{key, err} }

// lasting tells of an attempt that the next will not better: a person looks first.
func (a attempt) lasting() bool {
	return a.key == "export.host_key_differs" || a.key == "export.login_refused"
}
