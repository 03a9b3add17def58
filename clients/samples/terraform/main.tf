# A function that reads a stream.  Its package is function.zip, made of src/.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {}

variable "greeting" {
  type    = string
  default = "saw"
}

resource "aws_kinesis_stream" "input" {
  name             = "terraform-input"
  shard_count      = 1
  retention_period = 48
}

resource "aws_sqs_queue" "failed" {
  name = "terraform-failed"
}

resource "aws_iam_role" "reader" {
  name = "terraform-reader"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "reads" {
  role       = aws_iam_role.reader.name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AWSLambdaKinesisExecutionRole"
}

resource "aws_iam_role_policy" "reports" {
  name = "reports"
  role = aws_iam_role.reader.id
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sqs:SendMessage", Resource = aws_sqs_queue.failed.arn }]
  })
}

resource "aws_cloudwatch_log_group" "reader" {
  name              = "/aws/lambda/terraform-reader"
  retention_in_days = 7
}

resource "aws_lambda_function" "reader" {
  function_name    = "terraform-reader"
  filename         = "function.zip"
  source_code_hash = filebase64sha256("function.zip")
  handler          = "app.handler"
  runtime          = "python3.13"
  role             = aws_iam_role.reader.arn
  timeout          = 20
  publish          = true
  environment {
    variables = { GREETING = var.greeting }
  }
  depends_on = [aws_cloudwatch_log_group.reader]
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.reader.function_name
  function_version = aws_lambda_function.reader.version
}

resource "aws_lambda_event_source_mapping" "reads" {
  event_source_arn        = aws_kinesis_stream.input.arn
  function_name           = aws_lambda_alias.live.arn
  starting_position       = "TRIM_HORIZON"
  maximum_retry_attempts  = 2
  function_response_types = ["ReportBatchItemFailures"]
  filter_criteria {
    filter {
      pattern = jsonencode({ data = { n = [{ exists = true }] } })
    }
  }
  destination_config {
    on_failure {
      destination_arn = aws_sqs_queue.failed.arn
    }
  }
  depends_on = [aws_iam_role_policy_attachment.reads, aws_iam_role_policy.reports]
}

resource "aws_cloudwatch_metric_alarm" "age" {
  alarm_name          = "terraform-iterator-age"
  namespace           = "AWS/Lambda"
  metric_name         = "IteratorAge"
  dimensions          = { FunctionName = aws_lambda_function.reader.function_name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 60000
  period              = 60
  evaluation_periods  = 1
}
