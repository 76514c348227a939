package platform

// None is platform none: machines that the user prepares. It has no settings.
type None struct{}

var none = Spec{
	Name:       "none",
	Type:       "None",
	New:        func() any { return &None{} },
	NewPool:    func() any { return &struct{}{} },
	DualStack:  EitherFirst,
	IPv6Only:   true,
	SingleNode: true,
	Arbiter:    true,
	Fencing:    true,
}
