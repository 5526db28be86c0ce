// SPDX-License-Identifier: GPL-2.0-only
#include "child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace hugemem
{
namespace
{

/// In the child: waits for the gate, then becomes the command.
[[noreturn]] void become(const std::vector<std::string> &command, int gate, int verdict)
{
	char byte = 0;
	if (::read(gate, &byte, 1) != 1)
		::_exit(0);
	// Whatever the parent waits for must not stay blocked in the command.
	sigset_t none;
	sigemptyset(&none);
	::sigprocmask(SIG_SETMASK, &none, nullptr);

	std::vector<char *> argv;
	argv.reserve(command.size() + 1);
	for (const auto &word : command)
		argv.push_back(const_cast<char *>(word.c_str()));
	argv.push_back(nullptr);
	::execvp(argv[0], argv.data());
	const int error = errno;
	(void)!::write(verdict, &error, sizeof(error));
	::_exit(127);
}

} // namespace

Child::Child(Child &&other) noexcept
	: pid_(std::exchange(other.pid_, -1)), gone_(other.gone_), released_(other.released_),
	  status_(other.status_), gate_(std::move(other.gate_)),
	  verdict_(std::move(other.verdict_)), name_(std::move(other.name_))
{
}

Child::~Child()
{
	if (pid_ < 0 || gone_ || released_)
		return;
	gate_.reset();
	::waitpid(pid_, nullptr, 0);
}

Result<Child> Child::prepare(const std::vector<std::string> &command)
{
	std::array<int, 2> gate{};
	std::array<int, 2> verdict{};
	if (::pipe2(gate.data(), O_CLOEXEC))
		return fail(Exit::environment, "pipe", std::strerror(errno));
	Fd gate_read(gate[0]);
	Fd gate_write(gate[1]);
	if (::pipe2(verdict.data(), O_CLOEXEC))
		return fail(Exit::environment, "pipe", std::strerror(errno));
	Fd verdict_read(verdict[0]);
	const Fd verdict_write(verdict[1]);

	Child child;
	child.name_ = command.front();
	child.pid_ = ::fork();
	if (child.pid_ < 0)
		return fail(Exit::environment, "fork", std::strerror(errno));
	if (child.pid_ == 0) {
		gate_write.reset();
		become(command, gate_read.get(), verdict_write.get());
	}
	child.gate_ = std::move(gate_write);
	child.verdict_ = std::move(verdict_read);
	return child;
}

Result<void> Child::go()
{
	if (::write(gate_.get(), "", 1) != 1)
		return fail(Exit::environment, name_, std::strerror(errno));
	released_ = true;
	int error = 0;
	ssize_t n = 0;
	do
		n = ::read(verdict_.get(), &error, sizeof(error));
	while (n < 0 && errno == EINTR);
	if (n == sizeof(error)) {
		::waitpid(pid_, nullptr, 0);
		gone_ = true;
		return fail(Exit::environment, name_, std::strerror(error));
	}
	return {};
}

bool Child::ended()
{
	if (gone_)
		return true;
	int status = 0;
	if (::waitpid(pid_, &status, WNOHANG) != pid_)
		return false;
	gone_ = true;
	status_ = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return true;
}

} // namespace hugemem
