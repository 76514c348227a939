package wizard

import (
	"bufio"
	"bytes"
	"os"
	"regexp"
	"sync"
	"time"
)

// The drawing prompter asks the terminal where its cursor is, with an escape
// code, and finds the reply among what is typed. What somebody types ahead, or
// pastes, would get lost in between, and a terminal that does not reply would
// stop everything. So the two streams are watched: keys wait in a queue while a
// reply is due, and a reply that does not come is made up.

// askPosition is what asks for the position, replyPosition what comes back.
const askPosition = "\x1b[6n"

var replyPosition = regexp.MustCompile("^\x1b\\[[0-9]+;[0-9]+R$")

// replyWithin is how long a terminal has to reply, also at the end of a slow line.
const replyWithin = 2 * time.Second

// keyboard is a terminal's input, a key or a reply at a time.
type keyboard struct {
	file  *os.File
	keys  chan []byte
	ended chan error

	mu    sync.Mutex
	asked int
	queue [][]byte

	// patience is how long a reply is waited for. Only Read looks at it.
	patience time.Duration
}

// screen is a terminal's output.
type screen struct {
	file *os.File
	keys *keyboard
}

func watch(in, out *os.File) (*keyboard, *screen) {
	k := &keyboard{file: in, keys: make(chan []byte), ended: make(chan error, 1), patience: replyWithin}
	go k.listen(bufio.NewReader(in))
	return k, &screen{out, k}
}

// listen cuts the input into keys: a byte, or an escape code as a whole.
func (k *keyboard) listen(r *bufio.Reader) {
	for {
		b, err := r.ReadByte()
		if err != nil {
			k.ended <- err
			return
		}
		key := []byte{b}
		for b == 0x1b && r.Buffered() > 0 && len(key) < 32 {
			next, err := r.ReadByte()
			if err != nil {
				break
			}
			key = append(key, next)
			if next != '[' && next != 'O' && (next >= 'A' && next <= 'Z' || next >= 'a' && next <= 'z' || next == '~') {
				break
			}
		}
		k.keys <- key
	}
}

// Fd is that of the terminal.
func (k *keyboard) Fd() uintptr { return k.file.Fd() }

// Read returns the next key, or the reply if one is due.
func (k *keyboard) Read(p []byte) (int, error) {
	k.mu.Lock()
	due := k.asked > 0
	if due {
		k.asked--
	} else if len(k.queue) > 0 {
		key := k.queue[0]
		k.queue = k.queue[1:]
		k.mu.Unlock()
		return copy(p, key), nil
	}
	k.mu.Unlock()
	if due {
		return k.reply(p)
	}
	for {
		select {
		case key := <-k.keys:
			if !replyPosition.Match(key) { // one that came too late
				return copy(p, key), nil
			}
		case err := <-k.ended:
			k.ended <- err
			return 0, err
		}
	}
}

// reply waits for the reply and keeps the keys before it.
func (k *keyboard) reply(p []byte) (int, error) {
	late := time.After(k.patience)
	for {
		select {
		case key := <-k.keys:
			if replyPosition.Match(key) {
				return copy(p, key), nil
			}
			k.mu.Lock()
			k.queue = append(k.queue, key)
			k.mu.Unlock()
		case err := <-k.ended:
			k.ended <- err
			return 0, err
		case <-late:
			k.patience = 0 // it never will
			return copy(p, "\x1b[1;1R"), nil
		}
	}
}

// Fd is that of the terminal.
func (s *screen) Fd() uintptr { return s.file.Fd() }

// Write shows p, and notes the questions in it.
func (s *screen) Write(p []byte) (int, error) {
	s.keys.mu.Lock()
	s.keys.asked += bytes.Count(p, []byte(askPosition))
	s.keys.mu.Unlock()
	return s.file.Write(p)
}
