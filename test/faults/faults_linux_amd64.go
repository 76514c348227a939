package faults

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/okd-project/okd-install/test/needs"
)

// kind says how the arguments of a system call name files.
type kind struct {
	name string
	// fd is which argument is an open file, path which one is a path relative to
	// that; -1 for none. to is where the second such pair begins.
	fd, path, to int
	changes      bool
}

var kinds = map[uint64]kind{
	unix.SYS_OPENAT:     {"openat", 0, 1, -1, false}, // changes something with O_CREAT
	unix.SYS_MKDIRAT:    {"mkdirat", 0, 1, -1, true},
	unix.SYS_UNLINKAT:   {"unlinkat", 0, 1, -1, true},
	unix.SYS_RENAMEAT:   {"renameat", 0, 1, 2, true},
	unix.SYS_RENAMEAT2:  {"renameat2", 0, 1, 2, true},
	unix.SYS_LINKAT:     {"linkat", 0, 1, 2, true},
	unix.SYS_SYMLINKAT:  {"symlinkat", 1, 2, -1, true},
	unix.SYS_FCHMODAT:   {"fchmodat", 0, 1, -1, true},
	unix.SYS_FCHMODAT2:  {"fchmodat2", 0, 1, -1, true},
	unix.SYS_NEWFSTATAT: {"newfstatat", 0, 1, -1, false},
	unix.SYS_READLINKAT: {"readlinkat", 0, 1, -1, false},
	unix.SYS_FACCESSAT:  {"faccessat", 0, 1, -1, false},
	unix.SYS_FCHMOD:     {"fchmod", 0, -1, -1, true},
	unix.SYS_FTRUNCATE:  {"ftruncate", 0, -1, -1, true},
	unix.SYS_WRITE:      {"write", 0, -1, -1, true},
	unix.SYS_PWRITE64:   {"pwrite64", 0, -1, -1, true},
	unix.SYS_FSYNC:      {"fsync", 0, -1, -1, false},
	unix.SYS_READ:       {"read", 0, -1, -1, false},
	unix.SYS_PREAD64:    {"pread64", 0, -1, -1, false},
	unix.SYS_GETDENTS64: {"getdents64", 0, -1, -1, false},
	unix.SYS_FSTAT:      {"fstat", 0, -1, -1, false},
	unix.SYS_FLOCK:      {"flock", 0, -1, -1, false},
	unix.SYS_CLOSE:      {"close", 0, -1, -1, false},
}

// Run runs a program with a fault.
func Run(t testing.TB, p Program, f Fault) Result {
	t.Helper()
	done := make(chan Result, 1)
	failed := make(chan error, 1)
	go func() {
		// the kernel takes the thread that has started the program for its tracer
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		r, err := (&tracer{program: p, fault: f, inside: map[int]*call{}, known: map[int]bool{}}).run()
		failed <- err
		done <- r
	}()
	if err := <-failed; err != nil {
		needs.Missing(t, "no program can be traced here: %v", err)
	}
	return <-done
}

type tracer struct {
	program Program
	fault   Fault
	pid     int
	// inside are the calls that threads are in, known the threads that have run.
	inside map[int]*call
	known  map[int]bool
	from   bool
	result Result
}

// call is one that a thread is in.
type call struct{ fails syscall.Errno }

func (r *tracer) run() (Result, error) {
	var files [2]*os.File
	defer func() {
		for _, f := range files {
			if f != nil {
				_ = f.Close()
				_ = os.Remove(f.Name())
			}
		}
	}()
	for i := range files {
		f, err := os.CreateTemp("", "faults-")
		if err != nil {
			return r.result, err
		}
		files[i] = f
	}
	null, err := os.Open(os.DevNull)
	if err != nil {
		return r.result, err
	}
	defer func() { _ = null.Close() }()
	r.pid, err = syscall.ForkExec(r.program.Args[0], r.program.Args, &syscall.ProcAttr{
		Env: r.program.Env, Files: []uintptr{null.Fd(), files[0].Fd(), files[1].Fd()},
		// a group of its own, so that waiting for it takes no other child's end away
		Sys: &syscall.SysProcAttr{Ptrace: true, Setpgid: true},
	})
	if err != nil {
		return r.result, err
	}
	if err := r.trace(); err != nil {
		_ = syscall.Kill(-r.pid, syscall.SIGKILL)
		return r.result, err
	}
	for i, to := range []*string{&r.result.Stdout, &r.result.Stderr} {
		data, err := os.ReadFile(files[i].Name())
		if err != nil {
			return r.result, err
		}
		*to = string(data)
	}
	return r.result, nil
}

// trace follows the program from system call to system call until it ends.
func (r *tracer) trace() error {
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(r.pid, &status, syscall.WALL, nil); err != nil {
		return err
	}
	r.known[r.pid] = true
	const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_EXITKILL
	if err := syscall.PtraceSetOptions(r.pid, options); err != nil {
		return err
	}
	if err := syscall.PtraceSyscall(r.pid, 0); err != nil {
		return err
	}
	for {
		tid, err := syscall.Wait4(-r.pid, &status, syscall.WALL, nil)
		switch {
		case err == syscall.EINTR:
			continue
		case err != nil:
			return err
		case status.Exited() || status.Signaled():
			if tid == r.pid {
				r.result.Code, r.result.Killed = status.ExitStatus(), status.Signaled()
				return nil
			}
			continue
		}
		deliver := 0
		switch stop := status.StopSignal(); {
		case stop == syscall.SIGTRAP|0x80:
			if err := r.atCall(tid); err != nil && !errors.Is(err, syscall.ESRCH) {
				return err
			}
		case stop == syscall.SIGTRAP: // a thread begins
		case stop == syscall.SIGSTOP && !r.known[tid]:
			r.known[tid] = true
		default:
			deliver = int(stop)
		}
		// a thread that is gone by now has been killed with the others
		if err := syscall.PtraceSyscall(tid, deliver); err != nil && err != syscall.ESRCH {
			return err
		}
	}
}

// atCall is called when a thread enters a system call, and when it leaves it.
func (r *tracer) atCall(tid int) error {
	var regs syscall.PtraceRegs
	if err := syscall.PtraceGetRegs(tid, &regs); err != nil {
		return err
	}
	if c := r.inside[tid]; c != nil {
		delete(r.inside, tid)
		if c.fails == 0 {
			return nil
		}
		regs.Rax = uint64(-int64(c.fails))
		return syscall.PtraceSetRegs(tid, &regs)
	}
	r.inside[tid] = &call{}
	named, ok := r.named(tid, regs)
	if !ok {
		return nil
	}
	if !named.Within(r.program.Dir) {
		if named.Changes && !strings.HasPrefix(named.Path, "/dev/") && !strings.HasPrefix(filepath.Base(named.Path), "faults-") {
			r.result.Outside = append(r.result.Outside, named)
		}
		return nil
	}
	r.from = r.from || r.program.From == nil || r.program.From(named)
	if !r.from || r.program.Counts != nil && !r.program.Counts(named) {
		return nil
	}
	r.result.Calls = append(r.result.Calls, named)
	n := len(r.result.Calls)
	if r.fault.At == 0 || n < r.fault.At || n > r.fault.At && (!r.fault.Always || !named.Changes) {
		return nil
	}
	if r.fault.Errno == 0 {
		// a call that was never begun
		regs.Orig_rax = ^uint64(0)
		if err := syscall.PtraceSetRegs(tid, &regs); err != nil {
			return err
		}
		return syscall.Kill(r.pid, syscall.SIGKILL)
	}
	r.inside[tid].fails = r.fault.Errno
	regs.Orig_rax = ^uint64(0)
	return syscall.PtraceSetRegs(tid, &regs)
}

// named says what files a call is about; false for a call that is about none.
func (r *tracer) named(tid int, regs syscall.PtraceRegs) (Call, bool) {
	k, ok := kinds[regs.Orig_rax]
	if !ok {
		return Call{}, false
	}
	args := []uint64{regs.Rdi, regs.Rsi, regs.Rdx, regs.R10, regs.R8, regs.R9}
	c := Call{Name: k.name, Changes: k.changes}
	if k.name == "openat" {
		c.Changes = args[2]&(unix.O_CREAT|unix.O_TRUNC) != 0
	}
	c.Path = r.path(tid, args, k.fd, k.path)
	if k.to >= 0 {
		c.To = r.path(tid, args, k.to, k.to+1)
	}
	return c, filepath.IsAbs(c.Path)
}

func (r *tracer) path(tid int, args []uint64, fd, at int) string {
	name := ""
	if at >= 0 {
		name = text(tid, uintptr(args[at]))
	}
	if filepath.IsAbs(name) {
		return filepath.Clean(name)
	}
	link := fmt.Sprintf("/proc/%d/fd/%d", r.pid, int32(args[fd]))
	if int32(args[fd]) == unix.AT_FDCWD {
		link = fmt.Sprintf("/proc/%d/cwd", r.pid)
	}
	open, err := os.Readlink(link)
	if err != nil {
		return ""
	}
	return filepath.Join(strings.TrimSuffix(open, " (deleted)"), name)
}

// text reads a string that ends with a NUL byte from the memory of a thread.
func text(tid int, at uintptr) string {
	var all []byte
	for len(all) < unix.PathMax {
		word := make([]byte, 8)
		n, err := syscall.PtracePeekData(tid, at+uintptr(len(all)), word)
		if err != nil || n == 0 {
			break
		}
		if end := slices.Index(word[:n], 0); end >= 0 {
			return string(append(all, word[:end]...))
		}
		all = append(all, word[:n]...)
	}
	return string(all)
}
