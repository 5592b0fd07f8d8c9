//! The results of one workload, as a table in Markdown.

/// One row for each subject. The cells of the others have the ratio to handsetd in brackets: its figure
/// divided by theirs, so that 0.5 at a cost means half of it.
pub struct Table {
    columns: Vec<&'static str>,
    rows: Vec<(String, Vec<f64>)>,
}

impl Table {
    /// Begins a table with columns, named with their units.
    pub fn new(columns: &[&'static str]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Appends a row; `figures` are those of the columns.
    pub fn add(&mut self, subject: &str, figures: &[f64]) {
        self.rows.push((subject.to_owned(), figures.to_vec()));
    }

    /// Prints it under a title.
    pub fn print(&self, title: &str) {
        println!("\n{title}\n\n| | {} |", self.columns.join(" | "));
        println!("| --- |{}", " ---: |".repeat(self.columns.len()));
        let own = self.rows.iter().find(|(name, _)| name == HANDSETD);
        for (name, figures) in &self.rows {
            let cells: Vec<String> = figures
                .iter()
                .enumerate()
                .map(|(column, &figure)| {
                    let own = own.and_then(|(_, figures)| figures.get(column));
                    match own {
                        Some(&own) if name != HANDSETD && figure != 0.0 => {
                            format!("{} ({:.2})", short(figure), own / figure)
                        }
                        _ => short(figure),
                    }
                })
                .collect();
            println!("| {name} | {} |", cells.join(" | "));
        }
    }
}

fn short(figure: f64) -> String {
    if figure.fract() == 0.0 || figure >= 100.0 {
        format!("{figure:.0}")
    } else {
        format!("{figure:.2}")
    }
}

/// The name of the row that the others are compared with.
pub const HANDSETD: &str = "handsetd";
