//! Answers the questions of other daemons from what this one has.

use std::sync::Arc;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde_json::Value;
use tracing::debug;

use super::daemons::{Asked, Question, read, refusal, write};
use super::deliveries::FindDeliveries;
use super::fetch_test::TestFetch;
use super::following::FollowFeed;
use super::health::ReportHealth;
use super::overview::Summarize;
use super::phones::{FindPhone, ListPhones};
use super::question::LocalQuestion;
use super::recent_events::{DraftRule, DryRun, RecentEvents};
use super::requests::MakeRequest;
use super::rules::{FindRule, ListRules};
use super::state::Services;
use super::status::GetStatus;
use super::ways::TryWays;
use crate::fleet::AnswerQueries;

/// What this daemon answers.
#[derive(Debug)]
pub(crate) struct Answers(Services);

impl Answers {
    pub(crate) fn new(services: Services) -> Self {
        Self(services)
    }

    async fn of(&self, asked: Asked<Value>) -> Bytes {
        match asked.ask.as_str() {
            DraftRule::NAME => self.of_type::<DraftRule>(asked).await,
            DryRun::NAME => self.of_type::<DryRun>(asked).await,
            FindDeliveries::NAME => self.of_type::<FindDeliveries>(asked).await,
            FindPhone::NAME => self.of_type::<FindPhone>(asked).await,
            FindRule::NAME => self.of_type::<FindRule>(asked).await,
            FollowFeed::NAME => self.of_type::<FollowFeed>(asked).await,
            GetStatus::NAME => self.of_type::<GetStatus>(asked).await,
            ListPhones::NAME => self.of_type::<ListPhones>(asked).await,
            ListRules::NAME => self.of_type::<ListRules>(asked).await,
            MakeRequest::NAME => self.of_type::<MakeRequest>(asked).await,
            RecentEvents::NAME => self.of_type::<RecentEvents>(asked).await,
            ReportHealth::NAME => self.of_type::<ReportHealth>(asked).await,
            Summarize::NAME => self.of_type::<Summarize>(asked).await,
            TestFetch::NAME => self.of_type::<TestFetch>(asked).await,
            TryWays::NAME => self.of_type::<TryWays>(asked).await,
            // A daemon of a later version may ask for more.
            unknown => refusal(&format!("it does not know the question {unknown:?}")),
        }
    }

    async fn of_type<Q: LocalQuestion>(&self, asked: Asked<Value>) -> Bytes {
        match serde_json::from_value::<Q>(asked.question) {
            Ok(question) => write::<Q>(question.here(&self.0).await, asked.max_bytes),
            Err(error) => refusal(&format!("it does not understand the question ({error})")),
        }
    }
}

impl AnswerQueries for Answers {
    fn answer(self: Arc<Self>, from: String, question: Bytes) -> BoxFuture<'static, Bytes> {
        async move {
            match read(&question) {
                Ok(asked) => self.of(asked).await,
                Err(error) => {
                    debug!(%from, %error, "A question of another daemon is invalid.");
                    refusal(&error)
                }
            }
        }
        .boxed()
    }
}
