// SPDX-License-Identifier: GPL-2.0-only
#include "qmp.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hm::vm
{
namespace
{

using testing::HasSubstr;
using testing::IsEmpty;

Step plug()
{
	return {"plug",
		{{.execute = "object-add",
		  .arguments = R"({"id": "m1"})",
		  .wait_event = "",
		  .timeout = 5},
		 {.execute = "device_add",
		  .arguments = R"({"driver": "pc-dimm"})",
		  .wait_event = "",
		  .timeout = 5}}};
}

Step unplug()
{
	return {"unplug",
		{{.execute = "device_del",
		  .arguments = R"({"id": "d1"})",
		  .wait_event = "DEVICE_DELETED",
		  .timeout = 5}}};
}

class QmpTest : public testing::Test
{
protected:
	void SetUp() override
	{
		EXPECT_THAT(qmp_.take_output(), HasSubstr("qmp_capabilities"));
		qmp_.feed("{\"QMP\": {\"version\": {}}}\r\n");
		qmp_.feed("{\"return\": {}, \"id\": \"hello\"}\r\n");
	}
	Qmp qmp_;
};

TEST_F(QmpTest, ActionsInOrder)
{
	qmp_.start(plug(), 0);
	EXPECT_THAT(qmp_.take_output(), HasSubstr("object-add"));
	EXPECT_FALSE(qmp_.take_finished());
	qmp_.feed("{\"return\": {}, \"id\": \"step\"}\n");
	EXPECT_THAT(qmp_.take_output(), HasSubstr("device_add"));
	qmp_.feed("{\"return\": {}, \"id\"");
	EXPECT_TRUE(qmp_.busy()); // half a line
	qmp_.feed(": \"step\"}\n");
	const auto cause = qmp_.take_finished();
	ASSERT_TRUE(cause);
	EXPECT_THAT(*cause, IsEmpty());
	EXPECT_FALSE(qmp_.busy());
}

TEST_F(QmpTest, ErrorEndsTheStep)
{
	qmp_.start(plug(), 0);
	qmp_.take_output();
	qmp_.feed(
		"{\"error\": {\"class\": \"GenericError\", \"desc\": \"no slots\"}, \"id\": \"step\"}\n");
	EXPECT_EQ(qmp_.take_finished(), "object-add: no slots");
	EXPECT_THAT(qmp_.take_output(), IsEmpty());
}

TEST_F(QmpTest, WaitsForTheEvent)
{
	qmp_.start(unplug(), 0);
	qmp_.take_output();
	qmp_.feed("{\"return\": {}, \"id\": \"step\"}\n");
	EXPECT_TRUE(qmp_.busy());
	qmp_.feed("{\"event\": \"DEVICE_DELETED\", \"data\": {\"device\": \"d1\"}}\n");
	EXPECT_EQ(qmp_.take_finished(), "");
}

TEST_F(QmpTest, EventBeforeTheReply)
{
	qmp_.start(unplug(), 0);
	qmp_.take_output();
	qmp_.feed("{\"event\": \"DEVICE_DELETED\", \"data\": {\"device\": \"d1\"}}\n");
	EXPECT_TRUE(qmp_.busy());
	qmp_.feed("{\"return\": {}, \"id\": \"step\"}\n");
	EXPECT_EQ(qmp_.take_finished(), "");
}

TEST_F(QmpTest, RefusalOfTheGuest)
{
	qmp_.start(unplug(), 0);
	qmp_.take_output();
	qmp_.feed("{\"return\": {}, \"id\": \"step\"}\n");
	qmp_.feed(
		"{\"event\": \"MEM_UNPLUG_ERROR\", \"data\": {\"device\": \"d1\", \"msg\": \"busy\"}}\n");
	const auto cause = qmp_.take_finished();
	ASSERT_TRUE(cause);
	EXPECT_THAT(*cause, HasSubstr("the guest refused"));
}

TEST_F(QmpTest, TimeOut)
{
	qmp_.start(unplug(), 100);
	qmp_.take_output();
	qmp_.feed("{\"return\": {}, \"id\": \"step\"}\n");
	qmp_.tick(104);
	EXPECT_TRUE(qmp_.busy());
	qmp_.tick(106);
	EXPECT_EQ(qmp_.take_finished(), "device_del: no DEVICE_DELETED within 5 s");
}

TEST_F(QmpTest, RemembersTheShutdown)
{
	qmp_.feed(
		"{\"event\": \"SHUTDOWN\", \"data\": {\"guest\": true, \"reason\": \"guest-reset\"}}\n");
	EXPECT_EQ(qmp_.shutdown_reason(), "guest-reset");
}

TEST_F(QmpTest, GarbageIsIgnored)
{
	qmp_.feed("not json\n[]\n\n{}\n");
	EXPECT_FALSE(qmp_.busy());
}

TEST(Qmp, StepBeforeTheGreeting)
{
	Qmp qmp;
	qmp.take_output();
	qmp.start(plug(), 0);
	EXPECT_THAT(qmp.take_output(), IsEmpty());
	qmp.feed("{\"QMP\": {}}\n{\"return\": {}, \"id\": \"hello\"}\n");
	EXPECT_THAT(qmp.take_output(), HasSubstr("object-add"));
}

} // namespace
} // namespace hm::vm
