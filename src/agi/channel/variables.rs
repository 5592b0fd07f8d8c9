//! Channel variables: read one at a time or within an expression, set one or several at a time.

use super::{Channel, refused};
use crate::assignments::Assignments;
use crate::command::Command;
use crate::error::Error;
use crate::reply::Reply;

impl Channel {
    /// Returns the value of an expression such as `${CHANNEL(name)}|${EXTEN}`.
    ///
    /// `None` if Asterisk reports that there is none. A variable that is not set is empty.
    pub async fn full_variable(&mut self, expression: &str) -> Result<Option<String>, Error> {
        self.value(&Command::get_full_variable(expression)?).await
    }

    /// Returns the value of a variable or function; `None` if it is not set.
    pub async fn variable(&mut self, name: &str) -> Result<Option<String>, Error> {
        self.value(&Command::get_variable(name)?).await
    }

    /// Sets a variable to a text, shortened to fit as by [`Command::truncated`].
    ///
    /// To reject such a text instead, send a [`Command::set_variable`].
    pub async fn set_variable(&mut self, name: &str, value: &str) -> Result<(), Error> {
        self.expect_success(&Command::truncated("SET VARIABLE", &[name], value, &[])?)
            .await
    }

    /// Sets several variables to texts, with one command if they fit into it and Asterisk has its
    /// application `MSet`; otherwise each as [`set_variable`](Self::set_variable) does.
    ///
    /// A peer that has closed its sending side receives all commands, although it cannot confirm them.
    ///
    /// # Errors
    ///
    /// Fails with [`Error::Closed`] or [`Error::HungUp`] once all commands are sent, with any other
    /// error at once.
    pub async fn set_variables(&mut self, variables: &[(&str, &str)]) -> Result<(), Error> {
        let Assignments { together, single } = Assignments::new(variables)?;
        self.drop_unsolicited();
        let is_answered = !self.read_closed && !self.closed;
        let single = match &together {
            Some(command) if is_answered && self.is_executed(command).await? => single,
            _ => variables.to_vec(),
        };
        let mut outcome = Ok(());
        for (name, value) in single {
            match self.set_variable(name, value).await {
                Ok(()) => {}
                Err(closed @ (Error::Closed | Error::HungUp)) => outcome = Err(closed),
                Err(error) => return Err(error),
            }
        }
        outcome
    }

    /// Sends an `EXEC`; returns whether the application reported success. Without an answer, it did not.
    async fn is_executed(&mut self, command: &Command) -> Result<bool, Error> {
        match self.command(command).await {
            Ok(reply) => Ok((reply.code(), reply.result()) == (200, Some("0"))),
            Err(Error::Closed | Error::HungUp | Error::MalformedReply { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn value(&mut self, command: &Command) -> Result<Option<String>, Error> {
        let reply: Reply = self.command(command).await?;
        match (reply.code(), reply.result()) {
            (200, Some("1")) => Ok(Some(reply.value().unwrap_or_default().to_owned())),
            (200, _) => Ok(None),
            _ => Err(refused(command, &reply)),
        }
    }
}
