// SPDX-License-Identifier: GPL-2.0-only
#include "qemu.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hm::vm
{
namespace
{

using testing::HasSubstr;
using testing::Not;

std::string command(const Boot &boot, bool interactive = false)
{
	return fmt::format("{}",
			   fmt::join(qemu_arguments(boot, {10, 11, 12, 13}, interactive), " "));
}

TEST(QemuArguments, CountingInstructions)
{
	Boot boot;
	boot.hardware.machine = Machine::icount;
	boot.hardware.memory = "8G";
	boot.hardware.smp = 1;
	boot.kvm = true; // must not matter
	const std::string text = command(boot);
	EXPECT_THAT(text, HasSubstr("-accel tcg,thread=single -icount shift=0,sleep=off"));
	EXPECT_THAT(text, HasSubstr("-cpu max -smp 1 -m 8G"));
	EXPECT_THAT(text, Not(HasSubstr("kvm")));
}

TEST(QemuArguments, Accelerators)
{
	Boot boot;
	EXPECT_THAT(command(boot), HasSubstr("-accel tcg,thread=multi"));
	boot.kvm = true;
	EXPECT_THAT(command(boot), HasSubstr("-accel kvm"));
	boot.hardware.machine = Machine::tcg;
	EXPECT_THAT(command(boot), HasSubstr("-accel tcg"));
}

TEST(QemuArguments, PanicEndsTheGuest)
{
	const std::string text = command({});
	EXPECT_THAT(text, HasSubstr("-no-reboot"));
	EXPECT_THAT(text, HasSubstr("panic=-1"));
}

TEST(QemuArguments, ThreePortsAndTheMonitor)
{
	const std::string text = command({});
	EXPECT_THAT(text, HasSubstr("socket,id=console,fd=10 -serial chardev:console"));
	EXPECT_THAT(text, HasSubstr("socket,id=results,fd=11 -serial chardev:results"));
	EXPECT_THAT(text, HasSubstr("socket,id=requests,fd=12 -serial chardev:requests"));
	EXPECT_THAT(text, HasSubstr("socket,id=qmp,fd=13"));
	EXPECT_THAT(command({}, true), HasSubstr("-serial mon:stdio"));
}

TEST(QemuArguments, NodesAndHotPlug)
{
	Boot boot;
	boot.hardware.memory = "4G";
	boot.hardware.maxmem = "16G";
	boot.hardware.slots = 4;
	boot.hardware.numa = {{"4G", "0-1"}, {"0", ""}};
	const std::string text = command(boot);
	EXPECT_THAT(text, HasSubstr("-m 4G,slots=4,maxmem=16G"));
	EXPECT_THAT(text, HasSubstr("node,nodeid=0,memdev=ram0,cpus=0-1"));
	EXPECT_THAT(text, HasSubstr("-numa node,nodeid=1"));
	EXPECT_THAT(text, HasSubstr("-smp 2,sockets=2,cores=1,threads=1"));
	EXPECT_THAT(text, HasSubstr("reserve=off"));
}

TEST(QemuArguments, ADiskIfThereIsOne)
{
	Boot boot;
	boot.out = "/results";
	EXPECT_THAT(command(boot), Not(HasSubstr("virtio-blk")));
	boot.hardware.disk = "1G";
	EXPECT_THAT(command(boot), HasSubstr("file=/results/disk.raw,format=raw,if=none,id=disk"));
	EXPECT_THAT(command(boot), HasSubstr("-device virtio-blk-pci,drive=disk"));
	boot.out = "/results/on, hosted"; // a comma ends a value of QEMU's
	EXPECT_THAT(command(boot), HasSubstr("file=/results/on,, hosted/disk.raw,format=raw"));
}

TEST(FindImage, NamesWhatIsMissing)
{
	const auto image = find_image("/nonexistent");
	ASSERT_FALSE(image);
	EXPECT_EQ(image.error().code, Exit::usage);
	EXPECT_THAT(image.error().what, HasSubstr("/nonexistent"));
}

} // namespace
} // namespace hm::vm
