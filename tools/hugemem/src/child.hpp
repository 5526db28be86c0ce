// SPDX-License-Identifier: GPL-2.0-only
/// A command that is started stopped, let go, and waited for.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "error.hpp"
#include "fd.hpp"

namespace hugemem
{

class Child
{
public:
	/// Forks; the command runs only after go(). An empty list is not allowed.
	static Result<Child> prepare(const std::vector<std::string> &command);
	Child(Child &&other) noexcept;
	Child &operator=(Child &&) = delete;
	/// A child that was never let go is ended; one that runs is left running.
	~Child();

	/// Lets it execute the command. Errors: environment when it cannot be executed.
	Result<void> go();
	/// Collects it if it has ended; true then.
	bool ended();
	/// Valid once it has ended: the exit status, or 128 + signal.
	[[nodiscard]] int status() const { return status_; }

private:
	Child() = default;
	pid_t pid_ = -1;
	bool gone_ = false;
	bool released_ = false;
	int status_ = 0;
	Fd gate_;    // closing it without a byte ends the child
	Fd verdict_; // errno of a failed execution, or end of file
	std::string name_;
};

} // namespace hugemem
